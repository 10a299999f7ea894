// SPDX-License-Identifier: BSD-3-Clause
// Round trips by echo, without a common clock: each datagram carries its sender's time, and the
// peer's last time plus how long it has been held. Both are the low 32 bits of microseconds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sync/settings.h"

namespace warren::sync {

class RoundTrip {
  public:
    void hear(std::uint32_t peer_time_us, std::uint32_t echoed_us, std::uint64_t now_us) {
        heard_time_us_ = peer_time_us;
        heard_us_ = now_us;
        if (echoed_us != 0) take(static_cast<std::uint32_t>(now_us) - echoed_us);
    }
    // To be sent back; 0: nothing has been heard.
    std::uint32_t echo(std::uint64_t now_us) const {
        if (heard_us_ == 0) return 0;
        const auto echo = heard_time_us_ + static_cast<std::uint32_t>(now_us - heard_us_);
        return echo == 0 ? 1 : echo;
    }
    std::uint32_t smoothed_us() const { return smoothed_us_; }
    // A datagram that is not acknowledged for so long is lost.
    std::uint64_t loss_us() const {
        if (smoothed_us_ == 0) return unknown_us;
        return std::max(least_loss_us, std::uint64_t{smoothed_us_} * 3);
    }

  private:
    static constexpr std::uint32_t longest_us = 10'000'000;
    static constexpr std::uint64_t unknown_us = 200'000;

    // As RFC 6298 2 does.
    void take(std::uint32_t sample_us) {
        if (sample_us > longest_us) return;
        smoothed_us_ =
            smoothed_us_ == 0 ? sample_us : smoothed_us_ - smoothed_us_ / 8 + sample_us / 8;
        smoothed_us_ = std::max(smoothed_us_, 1U);
    }

    std::uint32_t heard_time_us_ = 0;
    std::uint64_t heard_us_ = 0;
    std::uint32_t smoothed_us_ = 0;
};

}  // namespace warren::sync
