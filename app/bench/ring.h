// SPDX-License-Identifier: BSD-3-Clause
// Engine "ring": generator and sink on one lcore, each worker on another, rings between. What the
// same generator reaches with testpmd's io and 5tswap in the worker's place is measured in turn
// with it, so that it can be told who the bottleneck is. Latency is taken at half the rate.
#pragma once

#include "load.h"
#include "report.h"

namespace warren::bench {

// Needs EAL with an lcore for each worker. Throws std::runtime_error when a flow cannot be opened
// or the forwarder forwards no more, std::invalid_argument for a mode with endings: whole
// connections wait for answers.
Result run_ring(const Load& load);

}  // namespace warren::bench
