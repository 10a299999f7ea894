// SPDX-License-Identifier: BSD-3-Clause
// How often something has happened: in all, and in the last ten seconds, by which a trouble can be
// told from one that is over.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace warren::balance {

class RecentCount {
  public:
    static constexpr std::size_t seconds = 10;

    void note() {
        ++by_second_[now_];
        ++total_;
    }
    // A second is over.
    void turn() {
        now_ = (now_ + 1) % seconds;
        by_second_[now_] = 0;
    }
    std::uint64_t recent() const {
        return std::accumulate(by_second_.begin(), by_second_.end(), std::uint64_t{0});
    }
    std::uint64_t total() const { return total_; }

  private:
    std::array<std::uint32_t, seconds> by_second_{};
    std::size_t now_ = 0;
    std::uint64_t total_ = 0;
};

}  // namespace warren::balance
