// SPDX-License-Identifier: BSD-3-Clause
// The effective weights of all servers, from what checks, nodes and traffic say of them, and who
// stands in front. No I/O.
#pragma once

#include <cstdint>

#include "exchange/worker_link.h"
#include "model/state.h"

namespace warren::server_pools {

// About once a second: recomputes the factors. Returns whether one that is worth publishing has
// changed.
bool update_factors(model::State& state, const exchange::Exchange& exchange, std::uint64_t now_ns);

// Many times a second: which servers have as many flows as they may (uthreshold), where another
// tier may serve instead. Returns whether that has changed.
bool note_full(model::State& state, const exchange::Exchange& exchange);

// Before each new snapshot: which servers new flows go to, by tier, `prefer` and alarms. And now
// and then, for what nodes are is learnt without any news of how they are: returns whether that has
// changed.
bool update_fronts(model::State& state);

}  // namespace warren::server_pools
