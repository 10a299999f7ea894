// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/pool_rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "metrics/exposition.h"
#include "model/builder.h"
#include "model/port_use.h"
#include "model/service_state.h"
#include "views/service_views.h"

namespace warren::metrics {
namespace {

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

void PoolSums::add(const ServerRow& server) {
    counts.add(server.counts);
    ports_used = std::max(ports_used, server.ports_used);
    is_up |= takes_flows(*server.record);
    for (std::size_t i = 0; i < server_states.size(); ++i)
        if (server.state == server_states[i]) ++states[i];
}

std::uint64_t PoolSums::in_state(std::string_view state) const {
    const auto found = std::find(server_states.begin(), server_states.end(), state);
    return states.at(static_cast<std::size_t>(found - server_states.begin()));
}

std::vector<PoolWalk::Piece> PoolWalk::next_pieces(const model::State& state, std::size_t most) {
    std::vector<Piece> pieces;
    for (; service_ < state.services.size() && most != 0; ++service_, position_ = 0) {
        const model::ServiceRecord& service = state.services[service_];
        if (!is_served(service)) continue;
        std::vector<std::uint16_t> all = candidates(service);
        std::erase_if(all, [&](std::uint16_t i) { return !is_served(state.servers[i]); });
        const std::size_t begin = std::min(position_, all.size());
        position_ = std::min(all.size(), begin + most);
        const auto at = [&](std::size_t i) { return all.begin() + static_cast<std::ptrdiff_t>(i); };
        pieces.push_back({static_cast<std::uint16_t>(service_),
                          {at(begin), at(position_)},
                          position_ == all.size()});
        if (position_ != all.size()) return pieces;
        most -= std::min(most, position_ - begin + 1);
    }
    is_done_ = service_ >= state.services.size();
    return pieces;
}

Pool PoolWalk::next(const views::ViewContext& view, const FlowTally& tally, std::size_t most) {
    const std::vector<Piece> pieces = next_pieces(view.state, most);
    std::vector<std::uint16_t> servers;
    for (const Piece& piece : pieces)
        servers.insert(servers.end(), piece.servers.begin(), piece.servers.end());
    const model::PortUses ports(view.state, view.exchange, servers);
    Pool pool;
    for (const Piece& piece : pieces) {
        const model::ServiceRecord& service = view.state.services[piece.service];
        const std::string labels = label("service", name_of(service));
        const std::size_t first = pool.servers.size();
        for (const std::uint16_t index : piece.servers) {
            const model::ServerRecord& server = view.state.servers[index];
            pool.servers.push_back({.labels = labels + "," + label("server", name_of(server)),
                                    .view = &view,
                                    .record = &server,
                                    .counts = counts_of(view.state, view.exchange, index),
                                    .ports_used = ports.of(index).fullest_worker,
                                    .tally = tally.server(index),
                                    .state = views::state_text(server)});
            sums_.add(pool.servers.back());
        }
        if (!piece.is_last) continue;
        ServiceRow& row = pool.services.emplace_back(
            ServiceRow{.labels = labels,
                       .view = &view,
                       .record = &service,
                       .first = first,
                       .end = pool.servers.size(),
                       .sums = std::exchange(sums_, {}),
                       .tally = tally.service(piece.service),
                       .is_owned = is_active(view.state, service.router)});
        row.turned_away = turned_away_of(view, row.tally, piece.service);
        row.sums.counts.add(row.tally.gone);
    }
    return pool;
}

Pool pool_rows(const views::ViewContext& view, const FlowTally& tally) {
    return PoolWalk().next(view, tally, std::numeric_limits<std::size_t>::max());
}

}  // namespace warren::metrics
