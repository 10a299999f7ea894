// SPDX-License-Identifier: BSD-3-Clause
#include "port/idle_backoff.h"

#include <gtest/gtest.h>

#include <vector>

namespace warren::port {
namespace {

using Woken = IdleBackoff::Woken;

constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t start_ns = 1'000 * ms;

TEST(IdleBackoff, APauseIsShortAndALongRestIsNot) {
    IdleBackoff idle(true, Woken::by_all);
    EXPECT_EQ(idle.next_sleep_us(start_ns, true), 0U) << "the next frame may be near";
    EXPECT_EQ(idle.next_sleep_us(start_ns + ms, true), 1'000U);
    EXPECT_EQ(idle.next_sleep_us(start_ns + 99 * ms, true), 1'000U);
    EXPECT_EQ(idle.next_sleep_us(start_ns + 100 * ms, true), 10'000U);
    idle.reset();
    EXPECT_EQ(idle.next_sleep_us(start_ns + 200 * ms, true), 0U) << "there was a frame";
    EXPECT_EQ(idle.next_sleep_us(start_ns + 201 * ms, true), 1'000U);
}

TEST(IdleBackoff, WhoMightMissSomethingLooksEveryMillisecond) {
    IdleBackoff deaf(true, Woken::by_all);
    IdleBackoff synced(true, Woken::by_frames);
    for (std::uint64_t now_ns = start_ns; now_ns < start_ns + 500 * ms; now_ns += 10 * ms) {
        EXPECT_LE(deaf.next_sleep_us(now_ns, false), 1'000U);
        EXPECT_LE(synced.next_sleep_us(now_ns, true), 1'000U);
    }
}

TEST(IdleBackoff, WhomNothingWakesSleepsInStepsThatDouble) {
    IdleBackoff idle(true, Woken::by_time);
    std::vector<std::uint32_t> sleeps;
    for (std::uint64_t i = 0; i < 8; ++i)
        sleeps.push_back(idle.next_sleep_us(start_ns + i * 100 * ms, true));
    EXPECT_EQ(sleeps, (std::vector<std::uint32_t>{0, 50, 100, 200, 400, 800, 1'000, 1'000}));
}

TEST(IdleBackoff, BusyNeverSleeps) {
    IdleBackoff idle(false, Woken::by_all);
    EXPECT_EQ(idle.next_sleep_us(start_ns, true), 0U);
    EXPECT_EQ(idle.next_sleep_us(start_ns + 500 * ms, true), 0U);
}

}  // namespace
}  // namespace warren::port
