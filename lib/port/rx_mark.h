// SPDX-License-Identifier: BSD-3-Clause
// What has been seen of one rx queue, though it may never be empty: a queue of N descriptors from
// which N frames were taken since time t has shown all that was in it at t. So the mark moves under
// any load, and a backup that waits for it waits for 2 N frames at most.
#pragma once

#include <cstdint>

namespace warren::port {

class RxMark {
  public:
    explicit RxMark(std::uint32_t descriptors) : descriptors_(descriptors) {}

    // A round that began at `now_ns` asked for `most` frames and was given `taken`. Fewer than half
    // mean that the queue is empty; a few less do not, for some drivers give whole cache lines of
    // descriptors and keep the rest (virtio).
    void note(unsigned taken, unsigned most, std::uint64_t now_ns) {
        taken_ += taken;
        if (taken * 2 < most)
            seen_ns_ = now_ns;
        else if (taken_ >= descriptors_)
            seen_ns_ = begin_ns_;
        else
            return;
        begin_ns_ = now_ns;
        taken_ = 0;
    }

    // All that had arrived by then has been taken; 0: nothing is known yet.
    std::uint64_t seen_ns() const { return seen_ns_; }

  private:
    std::uint32_t descriptors_;
    std::uint32_t taken_ = 0;  // in the rounds after the one of begin_ns_
    std::uint64_t begin_ns_ = 0;
    std::uint64_t seen_ns_ = 0;
};

}  // namespace warren::port
