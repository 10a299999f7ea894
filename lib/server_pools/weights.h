// SPDX-License-Identifier: BSD-3-Clause
// The effective weights of all servers, from checks, nodes and traffic, and which servers stand by
// (get no new flows) as long as preferred ones can serve. No I/O.
#pragma once

#include <cstdint>

#include "exchange/worker_link.h"
#include "model/state.h"

namespace warren::server_pools {

// About once a second: recomputes the weight factors. Returns whether one has changed enough to
// publish a snapshot for it.
bool update_factors(model::State& state, const exchange::Exchange& exchange, std::uint64_t now_ns);

// Many times a second: which servers have reached their uthreshold, in services where another tier
// may serve instead. Returns whether that has changed.
bool note_full(model::State& state, const exchange::Exchange& exchange);

// Before each snapshot, and now and then for node types are learnt without a change of state: which
// servers stand by, by tier, `prefer` and alarms, and which are a last resort: they take their
// leave, as do all others that could take new flows. Returns whether that has changed.
bool update_standby(model::State& state);

}  // namespace warren::server_pools
