// SPDX-License-Identifier: BSD-3-Clause
// What the turns of the manager's loop, one handler each, took of a processor. Who waits for the
// manager (an order, a scrape, a master's addresses) waits for one of them to end.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace warren::journal {

struct TurnTimes {
    static constexpr std::uint64_t long_ns = 5'000'000;
    // Upper bounds of the histogram's buckets; `long_ns` is one.
    static constexpr std::array<std::uint64_t, 8> bounds_ns{
        500'000, 1'000'000, 2'500'000, long_ns, 10'000'000, 25'000'000, 50'000'000, 100'000'000};

    std::array<std::uint64_t, bounds_ns.size() + 1> buckets{};  // each its own, not summed
    std::uint64_t count = 0, count_long = 0, sum_ns = 0, longest_ns = 0;

    void note(std::uint64_t ns) {
        const auto bound = std::lower_bound(bounds_ns.begin(), bounds_ns.end(), ns);
        ++buckets[static_cast<std::size_t>(bound - bounds_ns.begin())];
        ++count;
        if (ns > long_ns) ++count_long;
        sum_ns += ns;
        longest_ns = std::max(longest_ns, ns);
    }
};

}  // namespace warren::journal
