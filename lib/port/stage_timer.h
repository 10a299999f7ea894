// SPDX-License-Identifier: BSD-3-Clause
// TSC cycles that a worker spends in each stage of its rounds, less the cost of reading the TSC.
// For measurements only (warren-bench).
#pragma once

#include <rte_cycles.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace warren::port {

// In the order of a round. rx: its begin, adverts, the rx burst; parse: headers; lookup: flow
// candidates; forward: everything else that is done to frames; tx: hand-offs and the flush.
enum class Stage : std::uint8_t { rx, parse, lookup, forward, tx, chores };
inline constexpr std::size_t stage_count = 6;

class StageTimer {
  public:
    void begin() { last_ = rte_rdtsc(); }
    // `stage` ends now; it began with the last end() or begin().
    void end(Stage stage) {
        const std::uint64_t now = rte_rdtsc();
        cycles_[static_cast<std::size_t>(stage)] += now - std::min(now, last_ + rdtsc_cycles_);
        last_ = now;
    }
    // Since the last take(). A shared machine changes its pace: what a reading costs is measured
    // anew, or a short stage would come to nothing by the cost in a slower time.
    std::array<std::uint64_t, stage_count> take() {
        const auto taken = cycles_;
        cycles_ = {};
        rdtsc_cycles_ = least_reading();
        return taken;
    }

  private:
    static std::uint64_t least_reading() {
        constexpr int readings = 100;
        std::uint64_t least = ~std::uint64_t{0};
        for (int i = 0; i < readings; ++i) {
            const std::uint64_t before = rte_rdtsc();
            least = std::min<std::uint64_t>(least, rte_rdtsc() - before);
        }
        return least;
    }

    std::uint64_t rdtsc_cycles_ = least_reading();
    std::uint64_t last_ = 0;
    std::array<std::uint64_t, stage_count> cycles_{};
};

}  // namespace warren::port
