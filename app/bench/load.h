// SPDX-License-Identifier: BSD-3-Clause
// What a measurement is made of: the traffic, and for how long.
#pragma once

#include <cstddef>
#include <cstdint>

#include "traffic.h"

namespace warren::bench {

inline constexpr unsigned burst = 32;

struct Load {
    Mode mode = Mode::fnat;
    std::uint32_t flows = 100'000;
    Sides sides;
    std::size_t frame_bytes = 60;  // without FCS
    bool verify = false;           // no NIC has looked at checksums
    unsigned cores = 1;            // workers: ring's on an lcore each, or the forwarder's
    unsigned frames_at_once = burst;
    unsigned workers = 1;       // mode idle: there are so many, and one of them is measured
    bool flow_sync = false;     // the worker tells a peer of its flows
    bool capture = false;       // somebody captures all of it
    double seconds = 2;         // of windows
    std::uint32_t windows = 0;  // so many exactly, whatever the time; 0: as many as fit
    double stats_period_s = 0;  // between a port's statistics; 0: at the end only
};

}  // namespace warren::bench
