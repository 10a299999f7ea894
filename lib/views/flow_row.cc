// SPDX-License-Identifier: BSD-3-Clause
#include "views/flow_row.h"

#include <array>

#include "flow/tcp.h"
#include "model/state.h"

namespace warren::views {
namespace {

const char* to_text(flow::TcpState state) {
    constexpr std::array names{"none",       "syn_sent",   "syn_received", "established",
                               "fin_client", "fin_server", "time_wait",    "closed",
                               "dead",       "elsewhere"};
    static_assert(names.size() == flow::tcp_state_count);
    const auto index = static_cast<std::size_t>(state);
    return index < names.size() ? names[index] : "unknown";
}

}  // namespace

Json flow_row(const exchange::FlowRow& row, std::size_t worker) {
    return {{"client", model::endpoint(row.client, row.client_port.host())},
            {"service", model::endpoint(row.vip, row.service_port.host())},
            {"local", model::endpoint(row.local, row.local_port.host())},
            {"server", model::endpoint(row.server_address, row.server_port.host())},
            {"state", to_text(row.state)},
            {"idle_ms", row.idle_ms},
            {"worker", worker}};
}

}  // namespace warren::views
