// SPDX-License-Identifier: BSD-3-Clause
// The process's one clock: CLOCK_MONOTONIC in nanoseconds, the same for every thread. Read once per
// poll round by the loops and handed down; nothing below them reads a clock.
#pragma once

#include <time.h>

#include <cstdint>

namespace warren::port {

inline std::uint64_t read_ns(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(t.tv_nsec);
}

inline std::uint64_t now_ns() {
    return read_ns(CLOCK_MONOTONIC);
}

// What this thread has used of a processor, which is no time of day.
inline std::uint64_t thread_cpu_ns() {
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

}  // namespace warren::port
