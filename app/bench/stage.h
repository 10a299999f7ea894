// SPDX-License-Identifier: BSD-3-Clause
// Engine "stage": what forwarding one packet costs a worker, without a NIC. One thread fills a
// net_ring port with segments of established flows in random order, runs Worker::poll_once, and
// takes them out again; the same loop without the worker is measured too and subtracted.
#pragma once

#include <cstdint>

namespace warren::bench {

struct StageOptions {
    std::uint32_t flows = 100'000;
    double seconds = 2;    // of measuring, for each of the two loops
    unsigned clients = 4;  // IP version on their side, and of the VIP
    unsigned servers = 4;  // on theirs
};

struct StageResult {
    std::uint64_t packets = 0;
    double generator_cycles = 0;  // per packet, TSC
    double worker_cycles = 0;     // per packet, net of the generator
    double worker_mpps = 0;       // what one core could forward at that cost
    std::uint64_t lost = 0;       // packets that did not come out forwarded
};

// Needs EAL. Throws std::runtime_error when a ring or flow cannot be made.
StageResult run_stage(const StageOptions& options);

}  // namespace warren::bench
