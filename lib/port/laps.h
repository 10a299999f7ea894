// SPDX-License-Identifier: BSD-3-Clause
// Where the time of a worker's rounds goes, in TSC cycles by part of a round. Only a measurement
// has one; what reading the TSC takes at the least, it leaves out.
#pragma once

#include <rte_cycles.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace warren::port {

// In their order in a round. rx: beginning it, adverts, the burst; look: at headers; bucket: flow
// candidates; forward: all else that is done to frames; tx: hand-offs and the flush; chores: the
// rest.
enum class Lap : std::uint8_t { rx, look, bucket, forward, tx, chores };
inline constexpr std::size_t lap_count = 6;

class Laps {
  public:
    void begin() { last_ = rte_rdtsc(); }
    // `lap` is what was done since the last end.
    void end(Lap lap) {
        const std::uint64_t now = rte_rdtsc();
        cycles_[static_cast<std::size_t>(lap)] += now - std::min(now, last_ + own_);
        last_ = now;
    }
    // Since the last time that they were taken.
    std::array<std::uint64_t, lap_count> take() {
        const auto taken = cycles_;
        cycles_ = {};
        return taken;
    }

  private:
    static std::uint64_t least_reading() {
        constexpr int readings = 1'000;
        std::uint64_t least = ~std::uint64_t{0};
        for (int i = 0; i < readings; ++i) {
            const std::uint64_t before = rte_rdtsc();
            least = std::min<std::uint64_t>(least, rte_rdtsc() - before);
        }
        return least;
    }

    const std::uint64_t own_ = least_reading();
    std::uint64_t last_ = 0;
    std::array<std::uint64_t, lap_count> cycles_{};
};

}  // namespace warren::port
