// SPDX-License-Identifier: BSD-3-Clause
// Connections that last for days stay where they are when a server has come back: it has none and
// the others keep all. Moving makes a client lose its connection, so only the surplus moves, a few
// a second, and only while some server is short of its share by more than the threshold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace warren::balance {

struct RebalanceRules {
    std::uint32_t rate = 2;        // connections a second
    std::uint32_t threshold = 10;  // percent of a server's share
    // Fewer missing flows are none: what several workers' schedulers may be off by, each for
    // itself.
    std::uint32_t grain = 1;
};

struct Holder {
    std::uint32_t weight = 0;  // effective; 0 = takes no new flows
    std::uint64_t flows = 0;
};

// How far the server that is shortest of flows is below its share, in percent of it, if at least
// `grain` are missing.
double shortage_percent(std::span<const Holder> pool, std::uint32_t grain = 1);

// How many flows each server is to give away now: by position, `rate` in all. Nobody gives more
// than what it has beyond its share; servers that take no new flows neither give nor count.
// `absent`: flows that belong to the pool and are on none of them now.
std::vector<std::uint32_t> surplus_to_move(std::span<const Holder> pool, std::uint32_t rate,
                                           std::uint64_t absent = 0);

// Begins above the threshold and ends at half of it, so that it does not begin again at once. Who
// was told to move is on his way for some seconds (client libraries wait 5 before they reconnect):
// meanwhile he counts, or each second would find fewer flows, smaller shares and one more surplus.
class Rebalance {
  public:
    // Once a second.
    std::vector<std::uint32_t> step(std::span<const Holder> pool, const RebalanceRules& rules);
    bool is_moving() const { return moving_; }
    std::uint64_t moved() const { return moved_; }  // since it began

  private:
    bool moving_ = false;
    std::uint64_t moved_ = 0;
    std::array<std::uint64_t, 10> flows_{};  // of the pool, in the last seconds since it began
    std::size_t second_ = 0;
};

}  // namespace warren::balance
