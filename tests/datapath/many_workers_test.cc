// SPDX-License-Identifier: BSD-3-Clause
// Several workers: a flow lives in one of them, whatever queue its frames arrive on.
#include "connection.h"

namespace warren::datapath {
namespace {

using C = exchange::WorkerCounters;

TEST(ManyWorkers, AnyQueueLeadsToTheOwner) {
    World world({.workers = 3, .servers = 2});
    for (std::uint16_t port = 4000; port < 4030; ++port) {
        Connection c(world, port);
        c.open();
        for (unsigned queue = 0; queue < 3; ++queue) {
            const Lines to_server = world.send(c.client_segment("PA").payload("q").build(), queue);
            ASSERT_EQ(to_server.size(), 1U);
            EXPECT_NE(to_server[0].find(" > " + c.server_address + " "), std::string::npos);
            const Lines to_client = world.send(c.server_segment("PA").payload("r").build(), queue);
            ASSERT_EQ(to_client.size(), 1U);
            EXPECT_NE(to_client[0].find(" > 192.168.8.50 "), std::string::npos);
        }
    }
    EXPECT_EQ(world.counted(&C::flows_admitted), 30U);
    EXPECT_EQ(world.counted(&C::handoff_in), world.counted(&C::handoff_out));
    EXPECT_GT(world.counted(&C::handoff_out), 0U);
}

// What the first worker has read of a plain segment the second does not read again.
TEST(ManyWorkers, WhatIsHandedOffSaysWhatItIs) {
    World world({.workers = 2});
    if (!World::fast_path) GTEST_SKIP() << "the slow path reads all again";
    Connection c(world, 4000);
    c.open();
    const packets::Frame segment = c.client_segment("PA").payload("data").build();
    for (unsigned first = 0; first < 2; ++first) {
        world.queue(segment, 0, first);
        world.workers[first]->poll_once(world.now_ns);
        exchange::HandoffFrame handed;
        if (world.exchange.handoff(first, 1 - first).pop(&handed, 1) == 0) {
            EXPECT_EQ(world.run().size(), 1U);
            continue;
        }
        EXPECT_TRUE(handed.is_plain);
        EXPECT_TRUE(handed.is_v4);
        EXPECT_EQ(handed.ip_bytes, 44U);
        EXPECT_EQ(handed.payload_bytes, 4U);
        EXPECT_EQ(world.exchange.handoff(first, 1 - first).push(&handed, 1), 1U);
        EXPECT_EQ(world.run().size(), 1U);
        return;
    }
    FAIL() << "nobody has handed it off";
}

TEST(ManyWorkers, OnlyTheOwnerRefusesAMiss) {
    World world({.workers = 3});
    for (std::uint16_t port = 4000; port < 4020; ++port) {
        const Lines sent =
            world.send(Connection(world, port).client_segment("A").build(), port % 3);
        ASSERT_EQ(sent.size(), 1U);
        EXPECT_NE(sent[0].find("[R]"), std::string::npos);
    }
}

TEST(ManyWorkers, EachResetsItsOwnFlows) {
    World world({.workers = 3, .servers = 1});
    for (std::uint16_t port = 4000; port < 4060; ++port)
        Connection(world, port).open();
    world.change([](exchange::Snapshot& s) { s.servers[0].state = exchange::ServerState::down; });
    EXPECT_EQ(world.run().size(), 120U);
    EXPECT_EQ(world.counted(&C::flows_reset), 60U);
}

}  // namespace
}  // namespace warren::datapath
