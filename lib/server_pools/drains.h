// SPDX-License-Identifier: BSD-3-Clause
// Flows of servers that take no new ones: how many are left, and when their time is over. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exchange/worker_link.h"
#include "model/state.h"

namespace warren::server_pools {

struct DrainNews {
    std::uint16_t server = 0;
    std::string text;      // for the log
    bool changed = false;  // its standing: the snapshot is out of date
    bool silent = false;   // it has begun to answer nothing that it is sent
    bool asks = false;     // its live flows are to be asked whether it still knows them
};

// Some fifty times a second. Counts live flows, sees which servers are silent, ends drains whose
// timeout is over, declares those down that refuse and have no open one left, and has flows of
// others that may be dead called (balance/roll_call.h).
std::vector<DrainNews> follow_drains(model::State& state, const exchange::Exchange& exchange,
                                     std::uint64_t now_ns);

std::uint64_t drain_timeout_ms(const model::State& state, const model::ServerRecord& server);

}  // namespace warren::server_pools
