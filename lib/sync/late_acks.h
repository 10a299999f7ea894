// SPDX-License-Identifier: BSD-3-Clause
// How long acknowledgements may take on a link that reorders: datagrams taken for lost that were
// only late teach patience, and ten seconds without one halve it. Without this a link that
// reorders would have everything asked for again, and that again.
#pragma once

#include <algorithm>
#include <cstdint>

namespace warren::sync {

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

}  // namespace warren::sync
