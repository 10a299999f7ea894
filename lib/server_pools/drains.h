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

// Some fifty times a second, on all servers: counts live flows, finds servers that answer nothing,
// ends drains whose timeout is over, takes those down that refuse and have no open flow left, and
// asks for a probe of the flows of those that may be dead.
std::vector<DrainUpdate> follow_drains(model::State& state, const exchange::Exchange& exchange,
                                       std::uint64_t now_ns);

std::uint64_t drain_timeout_ms(const model::State& state, const model::ServerRecord& server);

}  // namespace warren::server_pools
