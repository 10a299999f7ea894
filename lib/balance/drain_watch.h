// SPDX-License-Identifier: BSD-3-Clause
// How far a drain is: how many flows were there when it began, how many are left, and whether its
// time is over (drain_timeout). Says each quarter that is gone once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace warren::balance {

class DrainWatch {
  public:
    void begin(std::uint64_t flows, std::uint64_t now_ms) { *this = DrainWatch(flows, now_ms); }
    void end() { *this = {}; }
    bool is_on() const { return on_; }

    // Percent of the first flows that are gone, when another quarter of them is.
    std::optional<unsigned> note(std::uint64_t flows) {
        left_ = flows;
        if (!on_ || first_ == 0) return std::nullopt;
        const auto quarter = static_cast<unsigned>((first_ - std::min(flows, first_)) * 4 / first_);
        if (quarter <= told_) return std::nullopt;
        told_ = quarter;
        return quarter * 25;
    }

    std::uint64_t first() const { return first_; }
    std::uint64_t left() const { return left_; }
    // 0 for a timeout of 0, which is none, too.
    std::uint64_t left_ms(std::uint64_t timeout_ms, std::uint64_t now_ms) const {
        const std::uint64_t end_ms = since_ms_ + timeout_ms;
        return on_ && timeout_ms != 0 && end_ms > now_ms ? end_ms - now_ms : 0;
    }
    bool is_over(std::uint64_t timeout_ms, std::uint64_t now_ms) const {
        return on_ && timeout_ms != 0 && now_ms - since_ms_ >= timeout_ms;
    }

    DrainWatch() = default;

  private:
    DrainWatch(std::uint64_t flows, std::uint64_t now_ms)
        : on_(true), first_(flows), left_(flows), since_ms_(now_ms) {}

    bool on_ = false;
    unsigned told_ = 0;  // quarters
    std::uint64_t first_ = 0, left_ = 0, since_ms_ = 0;
};

}  // namespace warren::balance
