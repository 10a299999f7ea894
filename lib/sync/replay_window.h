// SPDX-License-Identifier: BSD-3-Clause
// Which sequences have been received: the highest and the 1,023 below it (RFC 4303 3.4.3). What is
// older counts as received, for nobody can tell any more.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace warren::sync {

class ReplayWindow {
  public:
    static constexpr std::uint64_t width = 1'024;

    bool is_new(std::uint64_t sequence) const {
        if (sequence > highest_) return true;
        return highest_ - sequence < width && !seen_[sequence % width];
    }
    // Known to be received, and not just too old.
    bool has(std::uint64_t sequence) const {
        return sequence <= highest_ && highest_ - sequence < width && seen_[sequence % width];
    }
    void mark(std::uint64_t sequence) {
        if (sequence > highest_) advance_to(sequence);
        seen_.set(sequence % width);
    }
    std::uint64_t highest() const { return highest_; }

  private:
    void advance_to(std::uint64_t sequence) {
        if (sequence - highest_ >= width) seen_.reset();
        for (std::uint64_t s = highest_ + 1; s < sequence && sequence - highest_ < width; ++s)
            seen_.reset(s % width);
        highest_ = sequence;
    }

    std::bitset<width> seen_;
    std::uint64_t highest_ = 0;
};

}  // namespace warren::sync
