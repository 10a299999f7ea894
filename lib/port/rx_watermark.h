// SPDX-License-Identifier: BSD-3-Clause
// Up to which time all frames of an rx queue have been received, though the queue may never be
// empty: when N frames, its number of descriptors, have been taken since time t, everything that
// was in it at t is among them. So the mark advances under any load, within 2 N frames.
#pragma once

#include <cstdint>

namespace warren::port {

class RxWatermark {
  public:
    explicit RxWatermark(std::uint32_t descriptors) : descriptors_(descriptors) {}

    // An rx burst at `now_ns` asked for `most` frames and got `taken`. Fewer than half: the queue
    // is empty. A few less do not prove it: virtio's driver returns whole cache lines of
    // descriptors.
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

    // Everything that arrived before has been taken; 0: not known yet.
    std::uint64_t seen_ns() const { return seen_ns_; }

  private:
    std::uint32_t descriptors_;
    std::uint32_t taken_ = 0;  // in the rounds after the one of begin_ns_
    std::uint64_t begin_ns_ = 0;
    std::uint64_t seen_ns_ = 0;
};

}  // namespace warren::port
