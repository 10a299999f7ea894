// SPDX-License-Identifier: BSD-3-Clause
// Virtual_servers and their real_servers with what all workers have counted of them, each looked at
// once. Metrics and the CSV are made of them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/flow_tally.h"
#include "views/view_context.h"

namespace warren::metrics {

// What all workers have counted of a server since it has its index.
PoolCounts counts_of(const model::State& state, const exchange::Exchange& exchange,
                     std::uint16_t server);

// As `show servers` says them.
inline constexpr std::array<std::string_view, 6> server_states{"up",   "blocked", "draining",
                                                               "down", "maint",   "standby"};

struct ServerRow {
    std::string labels;  // service, server
    const views::ViewContext* view = nullptr;
    const model::ServerRecord* record = nullptr;
    PoolCounts counts{};
    double ports_used = 0;  // share that its fullest worker uses
    ServerTally tally{};
    std::string state;  // as `show servers` says it
};

// What a service is by its servers.
struct PoolSums {
    PoolCounts counts{};
    double ports_used = 0;
    std::array<std::uint64_t, server_states.size()> states{};
    bool is_up = false;  // some server takes new connections

    void add(const ServerRow& server);
    std::uint64_t in_state(std::string_view state) const;
};

struct ServiceRow {
    std::string labels;  // service
    const views::ViewContext* view = nullptr;
    const model::ServiceRecord* record = nullptr;
    std::size_t first = 0, end = 0;  // its servers in Pool::servers
    PoolSums sums{};
    ServiceTally tally{};
    TurnedAway turned_away{};
    bool is_owned = false;  // its address is here: its router is master
};

struct Pool {
    std::vector<ServiceRow> services;
    std::vector<ServerRow> servers;
};

// All services and their servers, some at a time.
class PoolWalk {
  public:
    // At most so many servers and services more. A service comes with the last of its servers.
    Pool next(const views::ViewContext& view, const FlowTally& tally, std::size_t most);
    bool is_done() const { return is_done_; }

  private:
    struct Piece {
        std::uint16_t service;
        std::vector<std::uint16_t> servers;
        bool is_last;  // of the service
    };

    std::vector<Piece> next_pieces(const model::State& state, std::size_t most);

    std::size_t service_ = 0, position_ = 0;  // of the next server
    PoolSums sums_;                           // of its service so far
    bool is_done_ = false;
};

// All of them at once.
Pool pool_rows(const views::ViewContext& view, const FlowTally& tally);

}  // namespace warren::metrics
