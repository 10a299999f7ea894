// SPDX-License-Identifier: BSD-3-Clause
// How long the control lcore sleeps.
#include "election/wake_time.h"

#include <gtest/gtest.h>

namespace warren::election {
namespace {

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t begun = 7'000'000 * us;

TEST(WakeTime, IsTheDeadline) {
    EXPECT_EQ(wake_time(begun, begun + 20 * us, begun + 700 * us), begun + 700 * us);
}

TEST(WakeTime, IsNeverFar) {
    EXPECT_EQ(wake_time(begun, begun + 20 * us, ~std::uint64_t{0}), begun + 2'000 * us);
}

// Work without end, each deadline in the past: a fifth of the time it sleeps all the same.
TEST(WakeTime, AlwaysLeavesTimeToOthers) {
    for (const std::uint64_t work : {1 * us, 20 * us, 400 * us, 1'000 * us, 2'000 * us}) {
        const std::uint64_t now = begun + work;
        const std::uint64_t slept = wake_time(begun, now, 0) - now;
        EXPECT_GE(slept, 50 * us);
        EXPECT_GE(slept * 5, slept + work);
    }
}

// Kept off the CPU for 40 ms it must not sleep for as long again.
TEST(WakeTime, BeingLateIsNoWork) {
    const std::uint64_t now = begun + 40'000 * us;
    EXPECT_LE(wake_time(begun, now, 0) - now, 500 * us);
    EXPECT_LE(wake_time(begun, now, ~std::uint64_t{0}) - now, 500 * us);
}

}  // namespace
}  // namespace warren::election
