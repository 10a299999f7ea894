// SPDX-License-Identifier: BSD-3-Clause
// How many packet buffers the configured ports and workers can hold at once. Pure.
#pragma once

#include <string>

#include "config/config.h"

namespace warren::app {

// The DPDK device that `dataplane` gives to an interface; empty: it is shared with the kernel.
const std::string& device_of(const config::Config& config, const std::string& interface);

// What queues, rings and bursts hold, so that the pool is never empty whatever is full.
unsigned mbuf_count(const config::Config& config);

// Frames of up to 64 KiB, which the kernel hands over where segments have been merged (GRO): what
// bursts, tx batches and some hand-offs of the workers hold. A reload may share an interface where
// none was, and shared ones keep no buffers of their own.
inline constexpr unsigned large_mbuf_bytes = 65'535 - 128;  // 16 bits, less the headroom
unsigned large_mbuf_count(const config::Config& config);

}  // namespace warren::app
