// SPDX-License-Identifier: BSD-3-Clause
// What all workers together have counted of a server.
#pragma once

#include <cstdint>

#include "exchange/worker_link.h"
#include "model/state.h"

namespace warren::model {

ServerTotals totals_of(const exchange::Exchange& exchange, std::uint16_t server);

// Once a second.
void sample_rates(State& state, const exchange::Exchange& exchange);

}  // namespace warren::model
