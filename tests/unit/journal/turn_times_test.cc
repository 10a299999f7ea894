// SPDX-License-Identifier: BSD-3-Clause
#include "journal/turn_times.h"

#include <gtest/gtest.h>

#include <functional>

namespace warren::journal {
namespace {

struct Turns : testing::Test {
    // A turn that works so long, after the loop has waited.
    void turn(std::uint64_t work_ns, std::uint64_t wait_ns = 0) {
        now_ns_ += wait_ns + work_ns;
        cpu_ns_ += work_ns;
        clock_.end_turn(times_, now_ns_, read_);
    }

    std::uint64_t now_ns_ = 1'000'000'000, cpu_ns_ = 7'000'000, readings_ = 0;
    const std::function<std::uint64_t()> read_ = [this] {
        ++readings_;
        return cpu_ns_;
    };
    TurnTimes times_;
    TurnClock clock_{now_ns_, read_};
};

TEST_F(Turns, AThousandSmallOnesAreNoThousandSystemCalls) {
    for (unsigned i = 0; i < 1'000; ++i)
        turn(10'000);
    EXPECT_EQ(times_.count, 1'000U);
    EXPECT_EQ(times_.count_long, 0U);
    EXPECT_EQ(times_.sum_ns, 10'000'000U);
    EXPECT_LE(readings_, 101U);
}

TEST_F(Turns, ALongOneIsToldFromALongWait) {
    turn(20'000, 90'000'000);
    EXPECT_EQ(times_.count_long, 0U);
    turn(6'000'000);
    EXPECT_EQ(times_.count_long, 1U);
    EXPECT_EQ(times_.longest_ns, 6'000'000U);
    EXPECT_EQ(times_.sum_ns, 6'020'000U);
}

TEST_F(Turns, SmallOnesBeforeItMakeNoOtherLong) {
    for (unsigned i = 0; i < 9; ++i)
        turn(10'000);
    turn(TurnTimes::long_ns - TurnClock::small_ns);
    EXPECT_EQ(times_.count_long, 0U);
}

}  // namespace
}  // namespace warren::journal
