// SPDX-License-Identifier: BSD-3-Clause
// So many records a second, and a fiftieth of that at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace warren::sync {

class TokenBucket {
  public:
    explicit TokenBucket(std::uint32_t rate) : rate_(std::max(rate, 1U)) {}

    std::size_t tokens(std::uint64_t now_us) const {
        if (now_us <= spent_us_) return 0;
        return static_cast<std::size_t>(std::min(now_us - spent_us_, burst_us()) * rate_ /
                                        second_us);
    }
    // One; more than there are have to be saved up again.
    void spend(std::uint64_t now_us) {
        const std::uint64_t oldest_us = now_us > burst_us() ? now_us - burst_us() : 0;
        fraction_ += second_us;
        spent_us_ = std::max(spent_us_, oldest_us) + fraction_ / rate_;
        fraction_ %= rate_;
    }
    // When there is one again, after tokens() was 0.
    std::uint64_t ready_us() const { return spent_us_ + second_us / rate_ + 1; }

  private:
    static constexpr std::uint64_t second_us = 1'000'000;
    // At least enough for one full datagram.
    std::uint64_t burst_us() const { return std::max(second_us / 50, 64 * second_us / rate_); }

    std::uint32_t rate_;
    std::uint64_t spent_us_ = 0;  // what has been saved until then is spent
    std::uint64_t fraction_ = 0;
};

}  // namespace warren::sync
