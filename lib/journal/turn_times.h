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

// The processor's clock is a system call's work, as much as many a turn: it is read only when
// `small_ns` have passed by the wall clock. Small turns between two readings count as the last
// one's, so the sum is exact and a turn is off by `small_ns` at most.
class TurnClock {
  public:
    static constexpr std::uint64_t small_ns = 100'000;

    // read_cpu() gives what the thread has used of a processor.
    template <typename ReadCpu>
    TurnClock(std::uint64_t now_ns, ReadCpu read_cpu) : read_ns_(now_ns), cpu_ns_(read_cpu()) {}

    template <typename ReadCpu>
    void end_turn(TurnTimes& times, std::uint64_t now_ns, ReadCpu read_cpu) {
        if (now_ns - read_ns_ < small_ns) return times.note(0);
        const std::uint64_t cpu_ns = read_cpu();
        times.note(cpu_ns - cpu_ns_);
        read_ns_ = now_ns;
        cpu_ns_ = cpu_ns;
    }

  private:
    std::uint64_t read_ns_, cpu_ns_;
};

}  // namespace warren::journal
