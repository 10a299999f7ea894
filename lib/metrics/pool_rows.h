// SPDX-License-Identifier: BSD-3-Clause
// Virtual_servers and their real_servers with what all workers have counted of them, each looked at
// once. Metrics and the CSV are made of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics/flow_tally.h"
#include "views/view_context.h"

namespace warren::metrics {

// What all workers have counted of a server since it has its index.
PoolCounts counts_of(const model::State& state, const exchange::Exchange& exchange,
                     std::uint16_t server);

struct ServerRow {
    std::string labels;  // service, server
    const views::ViewContext* view = nullptr;
    const model::ServerRecord* record = nullptr;
    PoolCounts counts{};
    double ports_used = 0;  // share that its fullest worker uses
    ServerTally tally{};
    std::string state;  // as `show servers` says it
};

struct ServiceRow {
    std::string labels;  // service
    const views::ViewContext* view = nullptr;
    const model::ServiceRecord* record = nullptr;
    std::vector<std::size_t> servers;  // in Pool::servers
    PoolCounts counts{};
    double ports_used = 0;
    ServiceTally tally{};
    TurnedAway turned_away{};
    bool is_owned = false;  // its address is here: its router is master
    bool is_up = false;     // some server takes new connections
};

struct Pool {
    std::vector<ServiceRow> services;
    std::vector<ServerRow> servers;
};

Pool pool_rows(const views::ViewContext& view, const FlowTally& tally);

}  // namespace warren::metrics
