// SPDX-License-Identifier: BSD-3-Clause
#include "balance/flap_damping.h"

#include <gtest/gtest.h>

#include <vector>

namespace warren::balance {
namespace flap_damping_test {

// What each fall makes of it: how long it then has to stay down.
std::vector<std::uint64_t> holds(FlapDamping& damping, const std::vector<std::uint64_t>& falls_ms) {
    std::vector<std::uint64_t> all;
    for (const std::uint64_t now_ms : falls_ms) {
        damping.note_fall(now_ms);
        all.push_back(damping.hold_ms(now_ms));
    }
    return all;
}

TEST(FlapDamping, ThreeFallsInTenSecondsAreTolerated) {
    FlapDamping damping;
    EXPECT_EQ(holds(damping, {1'000, 4'000, 9'000}), (std::vector<std::uint64_t>{0, 0, 0}));
}

TEST(FlapDamping, FallsFarApartAreNoFlapping) {
    FlapDamping damping;
    std::vector<std::uint64_t> falls;
    for (std::uint64_t i = 1; i <= 50; ++i)
        falls.push_back(i * 3'400);
    EXPECT_EQ(holds(damping, falls), std::vector<std::uint64_t>(50));
}

TEST(FlapDamping, TheFourthIsHeldDownForASecondAndEachFurtherOneTwiceAsLong) {
    FlapDamping damping;
    EXPECT_EQ(holds(damping, {1'000, 2'000, 3'000, 4'000, 6'000, 9'000, 14'000, 23'000}),
              (std::vector<std::uint64_t>{0, 0, 0, 1'000, 2'000, 4'000, 8'000, 16'000}));
}

TEST(FlapDamping, NeverForMoreThanAMinute) {
    FlapDamping damping;
    std::uint64_t now_ms = 1'000;
    for (int i = 0; i < 40; ++i) {
        damping.note_fall(now_ms);
        EXPECT_LE(damping.hold_ms(now_ms), FlapDamping::hold_max_ms);
        now_ms += damping.hold_ms(now_ms) + 100;
    }
    EXPECT_EQ(damping.steps(), FlapDamping::steps_max);
    damping.note_fall(now_ms);
    EXPECT_EQ(damping.hold_ms(now_ms), FlapDamping::hold_max_ms);
    EXPECT_EQ(damping.hold_ms(now_ms + 59'000), 1'000U) << "it runs out";
    EXPECT_EQ(damping.hold_ms(now_ms + 60'000), 0U);
}

TEST(FlapDamping, EachQuietMinuteTakesAStepBack) {
    FlapDamping damping;
    holds(damping, {1'000, 2'000, 3'000, 4'000, 6'000, 9'000});
    EXPECT_EQ(damping.steps(), 3U);
    damping.note_fall(9'000 + 4'000 + 2 * FlapDamping::forgiveness_ms);
    EXPECT_EQ(damping.steps(), 2U) << "two taken back, one added";
    damping.note_fall(1'000'000);
    EXPECT_EQ(damping.steps(), 0U);
    EXPECT_EQ(damping.hold_ms(1'000'000), 0U) << "as if nothing had been";
}

}  // namespace flap_damping_test
}  // namespace warren::balance
