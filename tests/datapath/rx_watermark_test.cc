// SPDX-License-Identifier: BSD-3-Clause
// What a worker says that it has seen of its queues: the kernel's own frames, and other ports',
// have no part in it.
#include <gtest/gtest.h>

#include "world.h"

namespace warren::datapath {
namespace {

// As many frames in a queue as it holds, and more behind them all the time.
TEST(RxWatermark, TheWorkerOfASaturatedPortTellsWhatItHasSeen) {
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

TEST(RxWatermark, FramesOfTheKernelAreNoEvidence) {
    World world({.kernel_port = true});
    const packets::Frame copy =
        packets::PacketBuilder().ethernet(vip_mac, client_mac).ip("192.168.8.1", client);
    world.keep_kernel_full(copy);
    world.advance(1);
    world.workers[0]->poll_once(world.now_ns);
    EXPECT_EQ(world.exchange.seen_ns(0), world.now_ns);
}

TEST(RxWatermark, PortsAreApart) {
    World world({.ports = 2});
    world.keep_full(packets::PacketBuilder().ethernet(client_mac, vip_mac).ip(client, "10.0.0.1"));
    world.advance(1);
    world.workers[0]->poll_once(world.now_ns);
    EXPECT_LT(world.exchange.seen_ns(0), world.now_ns);
    EXPECT_EQ(world.exchange.seen_ns(1), world.now_ns);
}

}  // namespace
}  // namespace warren::datapath
