// SPDX-License-Identifier: BSD-3-Clause
// The two times of a hand-over by order: how long the old master offers to yield, and how long the
// new one must expect adverts that crossed the order. Nanoseconds of one clock that never goes
// back. Pure.
#pragma once

#include <cstdint>

#include "vrrp/timers.h"

namespace warren::vrrp {

class HandOverTimer {
  public:
    // What the old master sent before it began to hand over may come after the order to take over,
    // which goes another way.
    static constexpr std::uint64_t longest_crossing_ns = 50 * ns_per_ms;

    void offer(std::uint64_t now_ns, std::uint64_t for_ns) { until_ns_ = now_ns + for_ns; }
    void end_offer() { until_ns_ = no_deadline; }
    bool is_over(std::uint64_t now_ns) const { return now_ns >= until_ns_; }
    std::uint64_t deadline_ns() const { return until_ns_; }

    void note_order(std::uint64_t now_ns) { crossing_until_ns_ = now_ns + longest_crossing_ns; }
    bool may_have_crossed(std::uint64_t now_ns) const { return now_ns < crossing_until_ns_; }

  private:
    std::uint64_t until_ns_ = no_deadline;
    std::uint64_t crossing_until_ns_ = 0;
};

}  // namespace warren::vrrp
