// SPDX-License-Identifier: BSD-3-Clause
// What may be said to have been seen of a queue: an empty one at once, a full one after as many
// frames as it holds.
#include "port/rx_watermark.h"

#include <gtest/gtest.h>

namespace warren::port {
namespace {

constexpr unsigned most = 32;

TEST(RxWatermark, AShortBurstShowsAll) {
    RxWatermark mark(1024);
    EXPECT_EQ(mark.seen_ns(), 0U);
    mark.note(0, most, 100);
    EXPECT_EQ(mark.seen_ns(), 100U);
    mark.note(15, most, 200);
    EXPECT_EQ(mark.seen_ns(), 200U);
}

// Drivers that give whole cache lines keep up to three frames.
TEST(RxWatermark, ANearlyFullBurstShowsNothing) {
    RxWatermark mark(1024);
    mark.note(0, most, 100);
    mark.note(29, most, 200);
    EXPECT_EQ(mark.seen_ns(), 100U);
}

TEST(RxWatermark, AQueueThatNeverRunsDryShowsWhatItHeldAfterAsManyFrames) {
    RxWatermark mark(128);
    mark.note(most, most, 1000);  // how long frames had been taken before is not known
    for (std::uint64_t round = 1; round <= 3; ++round)
        mark.note(most, most, 1000 + round);
    std::uint64_t last = mark.seen_ns();
    for (std::uint64_t now = 2000; now < 2100; ++now) {
        mark.note(most, most, now);
        EXPECT_GE(mark.seen_ns(), last);
        last = mark.seen_ns();
        if (now >= 2008) {
            EXPECT_GE(last, now - 8) << "two queues full at most";
        }
        EXPECT_LE(last, now - 4) << "not before a whole queue was taken";
    }
}

}  // namespace
}  // namespace warren::port
