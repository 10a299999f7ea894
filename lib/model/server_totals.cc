// SPDX-License-Identifier: BSD-3-Clause
#include "model/server_totals.h"

namespace warren::model {

ServerTotals totals_of(const exchange::Exchange& exchange, std::uint16_t server) {
    ServerTotals totals;
    for (const auto& worker : exchange.workers) {
        const exchange::ServerCounters& counted = worker->servers[server];
        totals.active += counted.active.value();
        totals.connections += counted.connections.value();
        totals.to_server_bytes += counted.to_server_bytes.value();
        totals.to_client_bytes += counted.to_client_bytes.value();
    }
    return totals;
}

void sample_rates(State& state, const exchange::Exchange& exchange) {
    for (std::uint16_t i = 0; i < state.servers.size(); ++i) {
        if (!is_served(state.servers[i])) continue;
        const ServerTotals totals = totals_of(exchange, i);
        ServerRates& rates = state.servers[i].rates;
        rates.connections.sample(totals.connections);
        rates.to_server_bytes.sample(totals.to_server_bytes);
        rates.to_client_bytes.sample(totals.to_client_bytes);
    }
}

}  // namespace warren::model
