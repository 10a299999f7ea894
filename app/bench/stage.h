// SPDX-License-Identifier: BSD-3-Clause
// Engine "stage": what a packet costs a worker, without a NIC. One thread fills a net_ring port
// with frames, runs Worker::poll_once, and takes them out again. Flows are established through the
// worker, both ends send, in an order unlike the one in which they were opened. Time is taken of
// windows of 32 bursts, and the lowest decile of each kind of them is what others on the machine
// have disturbed least: of four the generator's alone, of the worker, and of the worker by stage.
#pragma once

#include "load.h"
#include "report.h"

namespace warren::bench {

// Needs EAL. Throws std::runtime_error when a ring or flow cannot be made.
Result run_stage(const Load& load);

}  // namespace warren::bench
