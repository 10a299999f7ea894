// SPDX-License-Identifier: BSD-3-Clause
// What metrics, CSV and page are made of, at one moment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/event_log.h"
#include "metrics/flow_tally.h"
#include "views/view_context.h"

namespace warren::metrics {

// The process as the kernel sees it.
struct ProcessUsage {
    double cpu_s = 0;
    double start_s = 0;  // since 1970
    std::uint64_t resident_bytes = 0;
    std::uint64_t open_fds = 0, max_fds = 0;
};

// What became of reloads; last_taken_ms is the start's before the first.
struct ReloadHistory {
    std::uint64_t taken = 0, refused = 0;
    bool last_is_taken = true;
    std::int64_t last_taken_ms = 0;  // since 1970
    std::string config_hash{};       // config_hash.h: of what runs
};

// A pool of the memory for packets.
struct PacketBuffers {
    std::string name;
    std::uint64_t free = 0, used = 0;
};

struct Facts {
    const views::ViewContext& view;
    const FlowTally& tally;
    const journal::EventLog& events;
    ProcessUsage usage{};
    ReloadHistory reloads{};
    std::uint64_t manager_lag_ns = 0;
    std::vector<PacketBuffers> buffers{};
};

}  // namespace warren::metrics
