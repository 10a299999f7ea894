// SPDX-License-Identifier: BSD-3-Clause
// Engine "stage": what a packet costs a worker, without a NIC. One thread fills a net_ring port
// with frames, runs Worker::poll_once, and takes them out again. Flows are established through the
// worker, both ends send, in an order unlike the one in which they were opened. Time is taken of
// windows of 32 bursts, one in five without the worker, and the lowest decile of each is what
// others on the machine have disturbed least.
#pragma once

#include <array>
#include <cstdint>

#include "traffic.h"

namespace warren::bench {

struct StageOptions {
    Mode mode = Mode::fnat;
    std::uint32_t flows = 100'000;
    Sides sides;
    std::size_t frame_bytes = 60;  // without FCS
    bool verify = false;           // no NIC has looked at checksums
    double seconds = 2;            // of windows
    std::uint32_t windows = 0;     // so many exactly, whatever the time; 0: as many as fit
};

struct StageResult {
    std::uint64_t packets = 0;
    std::uint64_t lost = 0;       // packets that did not come out
    double cycles = 0;            // per packet, TSC, without the generator's: median of windows
    double quiet_cycles = 0;      // lowest decile
    double generator_cycles = 0;  // lowest decile
    double mpps = 0;              // what one core forwards at quiet_cycles
    double bytes_per_flow = 0;    // of the worker's tables
    std::array<double, 3> latency_ns{};  // of a burst's round: 50, 99 and 99.9 %
};

// Needs EAL. Throws std::runtime_error when a ring or flow cannot be made.
StageResult run_stage(const StageOptions& options);

}  // namespace warren::bench
