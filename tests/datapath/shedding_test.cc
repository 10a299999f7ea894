// SPDX-License-Identifier: BSD-3-Clause
// Flows that are given up though their server lives: an order's, and a rebalance's.
#include "connection.h"

namespace warren::datapath {
namespace {

using C = exchange::WorkerCounters;

// Connections to the one server, opened a second apart.
std::vector<Connection> opened(World& world, std::uint16_t count) {
    std::vector<Connection> all;
    for (std::uint16_t i = 0; i < count; ++i) {
        all.emplace_back(world, static_cast<std::uint16_t>(4000 + i)).open();
        world.advance(second);
    }
    return all;
}

void order(World& world, const exchange::ShedOrder& order) {
    ASSERT_TRUE(world.exchange.workers[0]->sheds.push(order));
}

// The ports of the clients that got RST.
std::set<std::string> reset_clients(const std::vector<std::string>& lines) {
    std::set<std::string> ports;
    for (const std::string& line : lines)
        if (line.find("> 192.168.8.50 ") != std::string::npos && line.find("[R") != line.npos)
            ports.insert(line.substr(line.find("5672 > ") + 7, 4));
    return ports;
}

TEST(Shedding, ARebalanceTakesIdleOnesFirst) {
    World world({.servers = 1});
    auto connections = opened(world, 6);
    connections[0].from_client("PA", "still here");
    order(world, {.server = 0, .most = 2});
    std::vector<std::string> sent = world.run();
    EXPECT_EQ(reset_clients(sent), (std::set<std::string>{"4001", "4002"}));
    EXPECT_EQ(causes(world), std::vector(2, exchange::EndCause::rebalance));
    EXPECT_EQ(world.exchange.active_flows(0), 4U);
    EXPECT_EQ(sent.size(), 4U) << "the server hears of it too";
    EXPECT_TRUE(world.run().empty());
}

exchange::FlowRow asked(World& world, exchange::FlowCommand command) {
    command.request = 9;
    EXPECT_TRUE(world.exchange.workers[0]->commands.push(command));
    exchange::FlowRow row;
    for (int round = 0; round < 10; ++round) {
        world.run();
        while (world.exchange.workers[0]->rows.pop(row))
            if (row.last) return row;
    }
    ADD_FAILURE() << "no answer";
    return row;
}

TEST(Shedding, AnOrderResetsThoseOfAFilterAndNoOthers) {
    World world({.servers = 1});
    opened(world, 3);
    exchange::FlowFilter filter;
    filter.client = {net::IpAddress::v4(192, 168, 8, 50), net::Be16(4001)};
    EXPECT_EQ(asked(world, {.ask = exchange::FlowAsk::count}).count, 3U);
    EXPECT_EQ(asked(world, {.ask = exchange::FlowAsk::count, .filter = filter}).count, 1U);
    EXPECT_EQ(asked(world, {.ask = exchange::FlowAsk::reset, .filter = filter}).count, 1U);
    EXPECT_EQ(causes(world), std::vector(1, exchange::EndCause::reset));
    EXPECT_EQ(world.exchange.active_flows(0), 2U);
    filter.client.port = {};
    filter.idle_ms = 3'600'000;
    EXPECT_EQ(asked(world, {.ask = exchange::FlowAsk::reset, .filter = filter}).count, 0U);
    filter.idle_ms = 0;
    EXPECT_EQ(asked(world, {.ask = exchange::FlowAsk::reset, .filter = filter}).count, 2U);
    EXPECT_EQ(world.exchange.active_flows(0), 0U);
}

TEST(Shedding, AFullTableIsResetInRounds) {
    World world({.servers = 1, .flow_capacity = 1024});
    opened(world, 300);
    EXPECT_EQ(asked(world, {.ask = exchange::FlowAsk::reset}).count, 300U);
    EXPECT_EQ(world.exchange.active_flows(0), 0U);
}

TEST(Shedding, OfTheIdleARebalanceTakesTheOldest) {
    World world({.servers = 1});
    auto connections = opened(world, 6);
    connections[0].from_client("PA", "a heartbeat");
    connections[1].from_client("PA", "another");
    world.advance(5 * second);
    order(world, {.server = 0, .most = 3});
    EXPECT_EQ(reset_clients(world.run()), (std::set<std::string>{"4000", "4001", "4002"}));
}

TEST(Shedding, WhereAllAreBusyARebalanceTakesTheOldest) {
    World world({.servers = 1});
    auto connections = opened(world, 6);
    for (std::size_t i = connections.size(); i-- > 0;)
        connections[i].from_client("PA", "busy");
    order(world, {.server = 0, .most = 2});
    EXPECT_EQ(reset_clients(world.run()), (std::set<std::string>{"4000", "4001"}));
}

TEST(Shedding, AnIdleOneIsFoundBehindManyOlderThatAreBusy) {
    World world({.servers = 1, .flow_capacity = 1024});
    auto connections = opened(world, 201);
    for (std::size_t i = 0; i < 200; ++i)
        connections[i].from_client("PA", "busy");
    order(world, {.server = 0, .most = 1});
    std::set<std::string> reset;
    for (int round = 0; round < 10; ++round)
        reset.merge(reset_clients(world.run()));
    EXPECT_EQ(reset, std::set<std::string>{"4200"});
}

TEST(Shedding, AnOrderTakesAllAndTheServerServesOn) {
    World world({.servers = 1, .flow_capacity = 1024});
    for (std::uint16_t i = 0; i < 200; ++i)
        Connection(world, static_cast<std::uint16_t>(4000 + i)).open();
    order(world, {.server = 0, .all = true});
    EXPECT_EQ(reset_clients(world.run()).size(), 200U);
    EXPECT_EQ(causes(world), std::vector(200, exchange::EndCause::reset));
    EXPECT_EQ(world.exchange.active_flows(0), 0U);
    EXPECT_EQ(world.counted(&C::flows_reset), 200U);
    Connection(world, 9000).open();
    EXPECT_TRUE(world.run().empty());
    EXPECT_EQ(world.exchange.active_flows(0), 1U) << "new ones are welcome";
}

TEST(Shedding, WhoHasNotBeenServedYetIsNotMoved) {
    World world({.servers = 1});
    Connection(world).from_client("S");
    order(world, {.server = 0, .most = 5});
    EXPECT_TRUE(world.run().empty());
    EXPECT_EQ(world.exchange.active_flows(0), 1U);
}

TEST(Shedding, DataSentAgainIsCountedByServer) {
    World world({.servers = 1});
    Connection c(world);
    c.open();
    c.from_client("PA", "hello");
    const auto& repeated = world.exchange.workers[0]->servers[0].repeated;
    EXPECT_EQ(repeated.value(), 0U);
    c.from_client("PA", "hello");
    EXPECT_EQ(repeated.value(), 1U);
    c.client_seq += 5;
    c.from_client("PA", "world");
    EXPECT_EQ(repeated.value(), 1U);
}

}  // namespace
}  // namespace warren::datapath
