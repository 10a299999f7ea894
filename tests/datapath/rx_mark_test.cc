// SPDX-License-Identifier: BSD-3-Clause
// What a worker may say it has seen: an empty queue at once, a full one after as many frames as it
// holds. And that the kernel's own frames, and other ports', have no part in it.
#include "datapath/rx_mark.h"

#include <gtest/gtest.h>

#include "world.h"

namespace warren::datapath {
namespace {

constexpr unsigned most = 32;

TEST(RxMark, AShortBurstShowsAll) {
    RxMark mark(1024);
    EXPECT_EQ(mark.seen_ns(), 0U);
    mark.note(0, most, 100);
    EXPECT_EQ(mark.seen_ns(), 100U);
    mark.note(15, most, 200);
    EXPECT_EQ(mark.seen_ns(), 200U);
}

// Drivers that give whole cache lines keep up to three frames.
TEST(RxMark, ANearlyFullBurstShowsNothing) {
    RxMark mark(1024);
    mark.note(0, most, 100);
    mark.note(29, most, 200);
    EXPECT_EQ(mark.seen_ns(), 100U);
}

TEST(RxMark, AQueueThatNeverRunsDryShowsWhatItHeldAfterAsManyFrames) {
    RxMark mark(128);
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

// As many frames in a queue as it holds, and more behind them all the time.
TEST(RxMark, TheWorkerOfASaturatedPortTellsWhatItHasSeen) {
    World world;
    const packets::Frame noise =
        packets::PacketBuilder().ethernet(client_mac, "02:00:00:00:00:77").ip(client, "10.0.0.1");
    const std::uint64_t begin_ns = world.now_ns;
    std::uint64_t rounds = 0;
    while (world.exchange.seen_ns(0) < begin_ns + 1 && ++rounds < 1000) {
        world.keep_full(noise);
        world.advance(1);
        world.workers[0]->poll_once(world.now_ns);
    }
    EXPECT_LE(rounds, 2 * 1024 / burst_size + 2);
}

TEST(RxMark, FramesOfTheKernelAreNoEvidence) {
    World world({.kernel_port = true});
    const packets::Frame copy =
        packets::PacketBuilder().ethernet(vip_mac, client_mac).ip("192.168.8.1", client);
    world.keep_kernel_full(copy);
    world.advance(1);
    world.workers[0]->poll_once(world.now_ns);
    EXPECT_EQ(world.exchange.seen_ns(0), world.now_ns);
}

TEST(RxMark, PortsAreApart) {
    World world({.ports = 2});
    world.keep_full(packets::PacketBuilder().ethernet(client_mac, vip_mac).ip(client, "10.0.0.1"));
    world.advance(1);
    world.workers[0]->poll_once(world.now_ns);
    EXPECT_LT(world.exchange.seen_ns(0), world.now_ns);
    EXPECT_EQ(world.exchange.seen_ns(1), world.now_ns);
}

}  // namespace
}  // namespace warren::datapath
