// SPDX-License-Identifier: BSD-3-Clause
// Until when the control lcore sleeps. It has real-time priority where it shares a CPU, so it
// sleeps in every round, late or not, and a part of the time that it worked: whatever arrives,
// others get a fifth of that CPU at least. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

namespace warren::election {

inline constexpr std::uint64_t longest_sleep_ns = 2'000'000;
inline constexpr std::uint64_t shortest_sleep_ns = 50'000;
// More is not owed: who was kept from running did not work all that time.
inline constexpr std::uint64_t longest_owed_sleep_ns = 500'000;

// The round began at `begun_ns` and ends at `now_ns`; something is due at `deadline_ns`.
constexpr std::uint64_t wake_time(std::uint64_t begun_ns, std::uint64_t now_ns,
                                  std::uint64_t deadline_ns) {
    const std::uint64_t owed_ns =
        std::clamp((now_ns - begun_ns) / 4, shortest_sleep_ns, longest_owed_sleep_ns);
    const std::uint64_t earliest_ns = now_ns + owed_ns;
    return std::clamp(deadline_ns, earliest_ns, std::max(earliest_ns, begun_ns + longest_sleep_ns));
}

}  // namespace warren::election
