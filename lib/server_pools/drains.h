// SPDX-License-Identifier: BSD-3-Clause
// Draining servers: how many flows are left, and when drain_timeout is over. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exchange/worker_link.h"
#include "model/state.h"

namespace warren::server_pools {

struct DrainUpdate {
    std::uint16_t server = 0;
    std::string text;      // for the log
    bool changed = false;  // its standing, so a snapshot is due
    bool silent = false;   // it answers no frame any more: to be doubted
    bool asks = false;     // its live flows are to be probed (balance/roll_call.h)
};

// Some fifty times a second: counts live flows, finds servers that answer nothing, ends drains
// whose timeout is over, takes those down that refuse and have no open flow left, and asks for a
// probe of the flows of those that may be dead. Most of thousands of servers have no flow and get
// no frame in that time: those are looked at in every sixteenth turn only.
class Drains {
  public:
    static constexpr unsigned turns_of_rest = 16;

    std::vector<DrainUpdate> follow(model::State& state, const exchange::Exchange& exchange,
                                    std::uint64_t now_ns);

  private:
    static constexpr std::uint64_t never = ~std::uint64_t{0};

    std::vector<std::uint64_t> rests_at_;  // by server, its frames then; `never`: it does not rest
    unsigned turn_ = 0;
};

std::uint64_t drain_timeout_ms(const model::State& state, const model::ServerRecord& server);

}  // namespace warren::server_pools
