// SPDX-License-Identifier: BSD-3-Clause
// What ought to move and does not: a port that is given frames and sends none, packet buffers that
// do not come back. A machine in that state answers nobody, so its virtual routers give up. Pure.
#pragma once

#include <cstdint>

namespace warren::port {

inline constexpr std::uint64_t stall_after_ns = 1'000'000'000;

// Counts that only grow; what they were at the last movement.
class MovementWatch {
  public:
    // So many attempts at least, or nothing can be said.
    static constexpr std::uint64_t least_attempts = 3;

    // Whether attempts are made and nothing has moved for stall_after_ns.
    bool look(std::uint64_t now_ns, std::uint64_t attempts, std::uint64_t moved);

  private:
    std::uint64_t moved_ = 0;
    std::uint64_t attempts_ = 0;
    std::uint64_t since_ns_ = 0;
    bool begun_ = false;
};

// One port: `tried` frames were given to it, it took `taken`, its device says that it `sent` so
// many (of everybody). A queue that takes nothing and a device that completes nothing are both
// stalls.
class TransmitWatch {
  public:
    bool look(std::uint64_t now_ns, std::uint64_t tried, std::uint64_t taken, std::uint64_t sent) {
        const bool refuses = queue_.look(now_ns, tried, taken);
        const bool hangs = device_.look(now_ns, tried, sent);
        return refuses || hangs;
    }

  private:
    MovementWatch queue_, device_;
};

// The pool of all frames: exhausted while fewer than 1/256 are free for stall_after_ns, until 1/32
// are.
class BufferWatch {
  public:
    bool look(std::uint64_t now_ns, unsigned free, unsigned all);

  private:
    std::uint64_t enough_ns_ = 0;  // when there were last
    bool begun_ = false;
    bool exhausted_ = false;
};

}  // namespace warren::port
