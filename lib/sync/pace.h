// SPDX-License-Identifier: BSD-3-Clause
// The pace of a session: how long an answer takes, how long it may take, how much may be sent.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sync/settings.h"

namespace warren::sync {

// Round trips by echo, without a common clock: each datagram carries its sender's time, and the
// peer's last time plus how long it has been held. Both are the low 32 bits of microseconds.
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

// How long acknowledgements may take on a link that reorders: datagrams taken for lost that were
// only late teach patience, and ten seconds without one halve it. Without this a link that
// reorders would have everything asked for again, and that again.
class LateAcks {
  public:
    // One came so long after its datagram was sent.
    void note(std::uint64_t after_us, std::uint64_t now_us) {
        patience_us_ = std::clamp(after_us + after_us / 4, patience_us_, longest_us);
        noted_us_ = now_us;
    }
    void decay(std::uint64_t now_us) {
        if (now_us - noted_us_ < halving_us) return;
        patience_us_ /= 2;
        noted_us_ = now_us;
    }
    // 0: none has been late.
    std::uint64_t patience_us() const { return patience_us_; }

  private:
    static constexpr std::uint64_t longest_us = 250'000;
    static constexpr std::uint64_t halving_us = 10'000'000;

    std::uint64_t patience_us_ = 0;
    std::uint64_t noted_us_ = 0;
};

// So many records a second, and a fiftieth of that at once.
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
