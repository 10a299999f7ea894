// SPDX-License-Identifier: BSD-3-Clause
// Connections that last for days stay where they are when a server has come back: it has none and
// the others keep all. Moving makes a client lose its connection, so only the surplus moves, a few
// a second, and only while some server is short of its share by more than the threshold.
#pragma once

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
std::vector<std::uint32_t> surplus_to_move(std::span<const Holder> pool, std::uint32_t rate);

// Begins above the threshold and ends at half of it, so that it does not begin again at once.
class Rebalance {
  public:
    // Once a second.
    std::vector<std::uint32_t> step(std::span<const Holder> pool, const RebalanceRules& rules);
    bool is_moving() const { return moving_; }
    std::uint64_t moved() const { return moved_; }  // since it began

  private:
    bool moving_ = false;
    std::uint64_t moved_ = 0;
};

}  // namespace warren::balance
