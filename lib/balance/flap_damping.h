// SPDX-License-Identifier: BSD-3-Clause
// A server that comes and goes more than three times in ten seconds stays down although its checks
// pass again: a second at first, twice as long each time, a minute at most. Each minute without a
// fall takes one step back. In the manner of BGP's route flap damping (RFC 2439), by counting.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace warren::balance {

class FlapDamping {
  public:
    static constexpr std::size_t tolerated = 3;  // falls within the window
    static constexpr std::uint64_t window_ms = 10'000;
    static constexpr std::uint64_t first_hold_ms = 1'000;
    static constexpr unsigned steps_max = 7;  // 1, 2, 4 .. 60 s
    static constexpr std::uint64_t hold_max_ms = 60'000;
    static constexpr std::uint64_t forgiveness_ms = 60'000;

    // It went down.
    void note_fall(std::uint64_t now_ms);
    // How long it still has to stay down; 0: it may come.
    std::uint64_t hold_ms(std::uint64_t now_ms) const;
    // How often it has been held down lately.
    unsigned steps() const { return steps_; }

  private:
    std::array<std::uint64_t, tolerated + 1> falls_ms_{};  // the last ones, in a ring
    std::size_t falls_ = 0;
    unsigned steps_ = 0;
    std::uint64_t held_until_ms_ = 0;
};

}  // namespace warren::balance
