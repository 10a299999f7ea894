// SPDX-License-Identifier: BSD-3-Clause
// How many ICMP errors a worker may send of its own (RFC 1812 4.3.2.8, RFC 4443 2.4 (f)): a token
// bucket of 50, refilled with 1,000 a second, as Linux has it.
#pragma once

#include <algorithm>
#include <cstdint>

namespace warren::datapath {

class IcmpBudget {
  public:
    static constexpr std::uint64_t burst = 50;
    static constexpr std::uint64_t refill_ns = 1'000'000;  // for one

    bool take(std::uint64_t now_ns) {
        const std::uint64_t earned = (now_ns - filled_ns_) / refill_ns;
        tokens_ = std::min(burst, tokens_ + std::min(earned, burst));
        filled_ns_ = earned >= burst ? now_ns : filled_ns_ + earned * refill_ns;
        if (tokens_ == 0) return false;
        --tokens_;
        return true;
    }

  private:
    std::uint64_t tokens_ = 0;
    std::uint64_t filled_ns_ = 0;
};

}  // namespace warren::datapath
