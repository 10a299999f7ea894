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
