// SPDX-License-Identifier: BSD-3-Clause
#include "control/flow_row.h"

#include <array>

#include "control/state.h"
#include "flow/tcp.h"

namespace warren::control {
namespace {

const char* to_text(flow::TcpState state) {
    constexpr std::array names{"none",        "syn_sent",   "syn_received",
                               "established", "fin_client", "fin_server",
                               "time_wait",   "closed",     "dead"};
    static_assert(names.size() == flow::tcp_state_count);
    const auto index = static_cast<std::size_t>(state);
    return index < names.size() ? names[index] : "unknown";
}

}  // namespace

Json flow_row(const exchange::FlowRow& row, std::size_t worker) {
    return {{"client", endpoint(row.client, row.client_port.host())},
            {"service", endpoint(row.vip, row.service_port.host())},
            {"local", endpoint(row.local, row.local_port.host())},
            {"server", endpoint(row.server_address, row.server_port.host())},
            {"state", to_text(row.state)},
            {"idle_ms", row.idle_ms},
            {"worker", worker}};
}

}  // namespace warren::control
