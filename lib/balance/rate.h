// SPDX-License-Identifier: BSD-3-Clause
// How fast what only grows has grown: a second's mean of the last ten.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace warren::balance {

class Rate {
  public:
    static constexpr std::size_t seconds = 10;

    // Once a second. One that has shrunk is another's: it begins anew.
    void sample(std::uint64_t total) {
        if (count_ != 0 && total < back(1)) count_ = 0;
        totals_[next_] = total;
        next_ = (next_ + 1) % totals_.size();
        count_ = std::min(count_ + 1, totals_.size());
    }
    double per_second() const {
        if (count_ < 2) return 0;
        return static_cast<double>(back(1) - back(count_)) / static_cast<double>(count_ - 1);
    }

    // In the last ten seconds, or since the first sample.
    std::uint64_t grown() const { return count_ < 2 ? 0 : back(1) - back(count_); }

  private:
    std::uint64_t back(std::size_t steps) const {
        return totals_[(next_ + totals_.size() - steps) % totals_.size()];
    }

    std::array<std::uint64_t, seconds + 1> totals_{};
    std::size_t next_ = 0, count_ = 0;
};

}  // namespace warren::balance
