// SPDX-License-Identifier: BSD-3-Clause
#include "views/flow_row.h"

#include "flow/tcp.h"
#include "model/state.h"

namespace warren::views {

Json flow_row(const exchange::FlowRow& row, std::size_t worker,
              std::optional<std::int64_t> age_ms) {
    return {{"client", model::endpoint(row.client, row.client_port.host())},
            {"service", model::endpoint(row.vip, row.service_port.host())},
            {"local", model::endpoint(row.local, row.local_port.host())},
            {"server", model::endpoint(row.server_address, row.server_port.host())},
            {"state", flow::name_of(row.state)},
            {"idle_ms", row.idle_ms},
            {"age_ms", age_ms ? Json(*age_ms) : Json()},
            {"to_server_bytes", row.bytes.to_server},
            {"to_client_bytes", row.bytes.to_client},
            {"worker", worker}};
}

}  // namespace warren::views
