// SPDX-License-Identifier: BSD-3-Clause
// When a port or the packet buffers count as stalled.
#include "port/stall.h"

#include <gtest/gtest.h>

namespace warren::port {
namespace {

constexpr std::uint64_t ms_ns = 1'000'000;

struct Wire {
    TransmitWatch watch;
    std::uint64_t now_ns = 5'000 * ms_ns;
    std::uint64_t tried = 1000, taken = 990, sent = 5000;
    bool takes = true, sends = true;

    // A tenth of a second with so many frames; whether the port is stalled then.
    bool pass(unsigned frames) {
        now_ns += 100 * ms_ns;
        tried += frames;
        if (takes) taken += frames;
        if (takes && sends) sent += frames;
        return watch.look(now_ns, tried, taken, sent);
    }
    // Tenths of a second until the watch says `stalled`; 100: it never does.
    int until(bool stalled, unsigned frames) {
        for (int n = 1; n < 100; ++n)
            if (pass(frames) == stalled) return n;
        return 100;
    }
};

TEST(TransmitWatch, ADeviceThatCompletesNothingIsStalledAfterASecond) {
    Wire wire;
    EXPECT_EQ(wire.until(true, 1), 100);
    wire.sends = false;
    EXPECT_EQ(wire.until(true, 1), 10);
}

TEST(TransmitWatch, AQueueThatTakesNothingIsStalledThoughOthersSend) {
    Wire wire;
    wire.pass(1);
    wire.takes = false;
    for (int i = 0; i < 9; ++i) {
        ++wire.sent;  // a worker's queue still works
        EXPECT_FALSE(wire.pass(1));
    }
    ++wire.sent;
    EXPECT_TRUE(wire.pass(1));
}

// A backup sends nothing, and a lone lost frame proves nothing.
TEST(TransmitWatch, SilenceIsNoStall) {
    Wire wire;
    EXPECT_EQ(wire.until(true, 0), 100);
    wire.sends = false;
    wire.pass(2);
    EXPECT_EQ(wire.until(true, 0), 100);
}

TEST(TransmitWatch, ItEndsWithTheFirstFrameThatLeaves) {
    Wire wire;
    wire.pass(1);
    wire.sends = false;
    ASSERT_LT(wire.until(true, 1), 100);
    EXPECT_EQ(wire.until(false, 0), 100) << "nothing was tried";
    wire.sends = true;
    EXPECT_EQ(wire.until(false, 1), 1);
}

TEST(BufferWatch, FewForASecondAndEnoughAgain) {
    BufferWatch watch;
    std::uint64_t now_ns = 1'000 * ms_ns;
    const auto until = [&](bool exhausted, unsigned free) {
        for (int n = 1; n < 100; ++n)
            if (watch.look(now_ns += 100 * ms_ns, free, 16'383) == exhausted) return n;
        return 100;
    };
    EXPECT_EQ(until(true, 64), 100);
    EXPECT_FALSE(watch.look(now_ns += 100 * ms_ns, 5, 16'383)) << "a burst is no exhaustion";
    EXPECT_EQ(until(true, 1000), 100);
    EXPECT_EQ(until(true, 63), 10);
    EXPECT_EQ(until(false, 400), 100) << "no flapping at the border";
    EXPECT_EQ(until(false, 600), 1);
}

// A pool that is empty from the first look on.
TEST(BufferWatch, TheFirstLookProvesNothing) {
    BufferWatch watch;
    EXPECT_FALSE(watch.look(5'000 * ms_ns, 0, 16'383));
    EXPECT_TRUE(watch.look(6'000 * ms_ns, 0, 16'383));
}

}  // namespace
}  // namespace warren::port
