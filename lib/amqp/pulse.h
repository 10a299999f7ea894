// SPDX-License-Identifier: BSD-3-Clause
// Heartbeats both ways (AMQP 0-9-1 4.2.7): when to send one, and when silence is a missed one.
#pragma once

#include <algorithm>
#include <cstdint>

namespace warren::amqp {

class Pulse {
  public:
    static constexpr std::uint32_t most_misses = 2;  // in a row
    // A busy node answers its sessions when it gets round to it: a new login is more work for it.
    static constexpr std::int64_t patience_ns = 10'000'000'000;

    explicit Pulse(std::uint16_t heartbeat_s)
        : interval_ns_(heartbeat_s * std::int64_t{1'000'000'000}) {}

    void hear(std::int64_t now_ns) {
        heard_ns_ = now_ns;
        misses_ = 0;
    }
    void speak(std::int64_t now_ns) { spoke_ns_ = now_ns; }
    void hasten() { spoke_ns_ = 0; }

    // Twice an interval, so that one that is lost or late harms nothing.
    std::int64_t speak_due_ns() const { return spoke_ns_ + interval_ns_ / 2; }
    // A quarter of grace: who sends on the dot is not late.
    std::int64_t miss_due_ns() const {
        return heard_ns_ + interval_ns_ * (misses_ + 1) + interval_ns_ / 4;
    }
    // Takes note of a missed one; whether it is one too many. `is_there`: its kernel acknowledges.
    bool miss(bool is_there) {
        ++misses_;
        return misses_ >= most_misses && !(is_there && misses_ * interval_ns_ < patience_ns);
    }

    // So often at most is it told that all is well.
    std::int64_t pace_ns() const { return interval_ns_ / 4; }

  private:
    std::int64_t interval_ns_;
    std::int64_t heard_ns_ = 0;
    std::int64_t spoke_ns_ = 0;
    std::uint32_t misses_ = 0;  // intervals without a frame, in a row
};

}  // namespace warren::amqp
