// SPDX-License-Identifier: BSD-3-Clause
// Whom a takeover cuts: the one that gives a virtual router up tells whose connections went with
// it, the one that takes it tells whose segments it knows nothing of.
#include "connection.h"

namespace warren::datapath {
namespace {

using exchange::FlowEvent;
using exchange::FlowEventKind;

std::vector<FlowEvent> told(World& world, FlowEventKind kind) {
    std::vector<FlowEvent> all;
    FlowEvent event;
    while (world.exchange.workers[0]->events.pop(event))
        if (event.kind == kind) all.push_back(event);
    return all;
}

void order(World& world, const exchange::LeaveOrder& order) {
    ASSERT_TRUE(world.exchange.workers[0]->leaves.push(order));
    world.run();
}

TEST(Leaving, ASegmentOfNobodyIsTold) {
    World world;
    Connection c(world);
    c.from_client("PA", "hello");
    const auto strays = told(world, FlowEventKind::stray);
    ASSERT_EQ(strays.size(), 1U);
    EXPECT_EQ(strays[0].client.to_string(), client);
    EXPECT_EQ(strays[0].client_port.host(), 4000);
    EXPECT_EQ(strays[0].service, 0);
    EXPECT_EQ(strays[0].server, FlowEvent::no_server);
    EXPECT_EQ(world.exchange.workers[0]->services[0].strays.value(), 1U);
}

TEST(Leaving, NeitherAResetNorWhatIsDroppedIsTold) {
    World world;
    Connection c(world);
    world.send(c.client_segment("R"));
    world.change([](exchange::Snapshot& s) { s.reset_unknown_flows = false; });
    world.send(c.client_segment("PA").payload("hello"));
    EXPECT_TRUE(told(world, FlowEventKind::stray).empty());
    EXPECT_EQ(world.exchange.workers[0]->services[0].strays.value(), 0U);
}

TEST(Leaving, AFloodLeavesRoomForOtherNews) {
    World world;
    for (std::uint16_t i = 0; i < 2'000; ++i)
        world.send(Connection(world, static_cast<std::uint16_t>(4000 + i)).client_segment("PA"));
    EXPECT_EQ(told(world, FlowEventKind::stray).size(), 512U);
    EXPECT_EQ(world.exchange.workers[0]->services[0].strays.value(), 2'000U) << "all are counted";
    world.advance(second);
    world.send(Connection(world).client_segment("PA"));
    EXPECT_EQ(told(world, FlowEventKind::stray).size(), 1U);
}

TEST(Leaving, TellsWhoseConnectionsHaveMovedAndKeepsThem) {
    World world;
    for (std::uint16_t port : {4000, 4001})
        Connection(world, port).open();
    world.set_master(false);
    order(world, {.router = 0, .most = 100});
    const auto moved = told(world, FlowEventKind::moved);
    ASSERT_EQ(moved.size(), 2U);
    EXPECT_EQ(moved[0].client.to_string(), client);
    EXPECT_NE(moved[0].server, FlowEvent::no_server);
    EXPECT_EQ(world.exchange.active_flows(0) + world.exchange.active_flows(1), 2U);
}

// Active flows of both servers.
std::uint64_t active(const World& world) {
    return world.exchange.active_flows(0) + world.exchange.active_flows(1);
}

void pass_time(World& world, int seconds) {
    for (int i = 0; i < seconds; ++i) {
        world.advance(second);
        world.run();
    }
}

TEST(Leaving, WhatAnotherHasTakenIsForgottenAfterAMinute) {
    World world;
    for (std::uint16_t port : {4000, 4001})
        Connection(world, port).open();
    world.set_master(false);
    order(world, {.router = 0, .most = 1});
    pass_time(world, 55);
    EXPECT_EQ(active(world), 2U);
    pass_time(world, 10);
    EXPECT_EQ(active(world), 0U) << "the one that nobody was told of too";
    EXPECT_TRUE(told(world, FlowEventKind::ended).empty());
}

TEST(Leaving, WhatComesBackInTimeIsAskedFor) {
    World world;
    Connection c(world);
    c.open();
    world.set_master(false);
    order(world, {.router = 0, .most = 1});
    pass_time(world, 30);
    world.set_master(true);
    c.from_client("PA", "hello");
    pass_time(world, 120);
    EXPECT_EQ(active(world), 1U) << "it has spoken since";
    EXPECT_EQ(world.counted(&exchange::WorkerCounters::probes_sent), 0U);
}

TEST(Leaving, OtherRoutersFlowsStayAndSoManyAreEnough) {
    World world;
    for (std::uint16_t port : {4000, 4001, 4002})
        Connection(world, port).open();
    order(world, {.router = 1, .most = 100});
    EXPECT_TRUE(told(world, FlowEventKind::moved).empty());
    order(world, {.router = 0, .most = 2});
    EXPECT_EQ(told(world, FlowEventKind::moved).size(), 2U);
}

TEST(Leaving, ManyAreToldOverSomeTime) {
    World world({.servers = 1, .flow_capacity = 2048});
    for (std::uint16_t i = 0; i < 600; ++i)
        Connection(world, static_cast<std::uint16_t>(4000 + i)).open();
    told(world, FlowEventKind::moved);
    order(world, {.router = 0, .most = 4096});
    EXPECT_EQ(told(world, FlowEventKind::moved).size(), 512U);
    world.advance(second);
    world.run();
    EXPECT_EQ(told(world, FlowEventKind::moved).size(), 88U);
}

}  // namespace
}  // namespace warren::datapath
