// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/pool_rows.h"

#include <algorithm>

#include "metrics/exposition.h"
#include "model/port_use.h"
#include "model/service_state.h"
#include "views/service_views.h"

namespace warren::metrics {
namespace {

bool is_owned(const model::State& state, const model::ServiceRecord& service) {
    return service.router && state.routers[*service.router].status.state == vrrp::State::master;
}

TurnedAway turned_away_of(const views::ViewContext& view, const ServiceTally& tally,
                          std::uint16_t service) {
    TurnedAway now = turned_away(view.exchange, service);
    now.no_server -= tally.before.no_server;
    now.no_local_port -= tally.before.no_local_port;
    now.table_full -= tally.before.table_full;
    now.strays -= tally.before.strays;
    return now;
}

bool takes_flows(const model::ServerRecord& server) {
    return server.serves && model::is_alive(server);
}

}  // namespace

PoolCounts counts_of(const model::State& state, const exchange::Exchange& exchange,
                     std::uint16_t server) {
    const model::ServerRecord& record = state.servers[server];
    PoolCounts sum;
    for (const auto& worker : exchange.workers) {
        const exchange::ServerCounters& counted = worker->servers[server];
        sum.active += counted.active.value();
        sum.connections += counted.connections.value();
        sum.to_server_bytes += counted.to_server_bytes.value();
        sum.to_client_bytes += counted.to_client_bytes.value();
        sum.to_server_frames += counted.to_server.value();
        sum.to_client_frames += counted.to_client.value();
    }
    sum.connections -= record.before.connections;
    sum.to_server_bytes -= record.before.to_server_bytes;
    sum.to_client_bytes -= record.before.to_client_bytes;
    sum.refused = record.refused;
    sum.unanswered = record.unanswered;
    return sum;
}

Pool pool_rows(const views::ViewContext& view, const FlowTally& tally) {
    Pool pool;
    std::vector<std::size_t> row_of(view.state.services.size());
    for (std::uint16_t i = 0; i < view.state.services.size(); ++i) {
        const model::ServiceRecord& service = view.state.services[i];
        if (!is_served(service)) continue;
        row_of[i] = pool.services.size();
        pool.services.push_back({.labels = label("service", name_of(service)),
                                 .view = &view,
                                 .record = &service,
                                 .servers = {},
                                 .tally = tally.service(i),
                                 .is_owned = is_owned(view.state, service)});
        ServiceRow& row = pool.services.back();
        row.turned_away = turned_away_of(view, row.tally, i);
        row.counts = row.tally.gone;
    }
    std::vector<std::uint16_t> served;
    for (std::uint16_t i = 0; i < view.state.servers.size(); ++i)
        if (is_served(view.state.servers[i])) served.push_back(i);
    const model::PortUses ports(view.state, view.exchange, served);
    for (const std::uint16_t i : served) {
        const model::ServerRecord& server = view.state.servers[i];
        if (!is_served(view.state.services[server.service])) continue;
        ServiceRow& service = pool.services[row_of[server.service]];
        service.servers.push_back(pool.servers.size());
        pool.servers.push_back({.labels = service.labels + "," + label("server", name_of(server)),
                                .view = &view,
                                .record = &server,
                                .counts = counts_of(view.state, view.exchange, i),
                                .ports_used = ports.of(i).fullest_worker,
                                .tally = tally.server(i),
                                .state = views::state_text(server)});
        service.counts.add(pool.servers.back().counts);
        service.ports_used = std::max(service.ports_used, pool.servers.back().ports_used);
        service.is_up |= takes_flows(server);
    }
    return pool;
}

}  // namespace warren::metrics
