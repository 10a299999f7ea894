// SPDX-License-Identifier: BSD-3-Clause
// Where the time of a worker's rounds goes, in TSC cycles by part of a round. Only a measurement
// has one; its own reading of the TSC counts with the part that it ends.
#pragma once

#include <rte_cycles.h>

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
        cycles_[static_cast<std::size_t>(lap)] += now - last_;
        last_ = now;
    }
    // Since the last time that they were taken.
    std::array<std::uint64_t, lap_count> take() {
        const auto taken = cycles_;
        cycles_ = {};
        return taken;
    }

  private:
    std::uint64_t last_ = 0;
    std::array<std::uint64_t, lap_count> cycles_{};
};

}  // namespace warren::port
