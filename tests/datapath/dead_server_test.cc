// SPDX-License-Identifier: BSD-3-Clause
// A server that is declared down: both ends of its flows get exact RSTs at once, late segments are
// answered three times a side, and nobody else notices.
#include "connection.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using exchange::ServerState;
using C = exchange::WorkerCounters;

void set_state(World& world, std::size_t server, ServerState state) {
    world.change([=](exchange::Snapshot& s) { s.servers[server].state = state; });
}

std::size_t count(const Lines& lines, std::string_view part) {
    std::size_t n = 0;
    for (const std::string& line : lines)
        n += line.find(part) != std::string::npos ? 1U : 0U;
    return n;
}

void open_connections(World& world, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
        Connection c(world, static_cast<std::uint16_t>(10'000 + i));
        c.open();
    }
}

// RFC 5961 3.2: only a RST at exactly RCV.NXT is obeyed at once.
TEST(DeadServer, BothEndsGetExactResets) {
    World world;
    Connection c(world);
    c.open();
    c.from_client("PA", "hello");
    c.client_seq += 5;
    c.from_server("A");
    set_state(world, 0, ServerState::down);
    const Lines sent = world.run();
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0],
              "02:00:00:00:00:64 > 02:00:00:00:00:c1 IPv4 192.168.8.100 > 192.168.8.50 ttl "
              "64 DF TCP 5672 > 4000 [RA] seq " +
                  std::to_string(c.server_seq) + " ack " + std::to_string(c.client_seq) + " win 0");
    EXPECT_EQ(
        sent[1].find("02:00:00:00:00:64 > 02:00:00:00:00:0b IPv4 192.168.8.100 > 192.168.8.11"),
        0U);
    EXPECT_NE(sent[1].find("seq " + std::to_string(c.client_seq + c.delta)), std::string::npos);
    EXPECT_EQ(world.counted(&C::flows_reset), 1U);
    EXPECT_TRUE(world.run().empty()) << "once is enough";
}

// Data that may have been lost behind us: the client's RCV.NXT is one of two numbers.
TEST(DeadServer, UnacknowledgedDataMeansTwoResets) {
    World world;
    Connection c(world);
    c.open();
    c.from_server("PA", "0123456789");
    set_state(world, 0, ServerState::down);
    const Lines sent = world.run();
    EXPECT_EQ(count(sent, "seq " + std::to_string(c.server_seq) + " "), 1U);
    EXPECT_EQ(count(sent, "seq " + std::to_string(c.server_seq + 10) + " "), 1U);
}

// Where its SYN-ACK is still on the way the server is in SYN-RECEIVED: it would ignore a RST with a
// wrong ACK, and what stands in that word until the answer is our clock.
TEST(DeadServer, AServerWhoseAnswerWasNotSeenIsResetWithoutAnAck) {
    World world({.servers = 1});
    Connection c(world);
    const std::uint32_t isn = c.from_client("S").parsed.sequence;
    set_state(world, 0, ServerState::down);
    const auto sent = world.run_raw();
    ASSERT_EQ(sent.size(), 2U);
    const net::Parsed to_client = net::parse(sent[0]);
    EXPECT_EQ(to_client.destination.to_string(), client);
    EXPECT_EQ(to_client.acknowledgement, 1001U);
    const net::Parsed to_server = net::parse(sent[1]);
    EXPECT_EQ(to_server.tcp_flags, net::tcp_flag::rst);
    EXPECT_EQ(to_server.sequence, isn + 1);
    EXPECT_EQ(to_server.acknowledgement, 0U);
}

TEST(DeadServer, OtherServersFlowsGoOn) {
    World world;
    Connection first(world, 4000);
    first.open();
    Connection second(world, 4001);
    second.open();
    set_state(world, 0, ServerState::down);
    EXPECT_EQ(count(world.run(), "> 4001 "), 0U);
    EXPECT_NE(second.from_client("PA", "x").line.find("192.168.8.12"), std::string::npos);
}

TEST(DeadServer, StubAnswersThreeTimesASide) {
    World world;
    Connection c(world);
    c.open();
    set_state(world, 0, ServerState::down);
    world.run();
    for (int i = 0; i < 3; ++i) {
        const Lines answer = world.send(c.client_segment("PA").payload("late").build());
        ASSERT_EQ(answer.size(), 1U) << i;
        EXPECT_NE(answer[0].find("[R] seq " + std::to_string(c.server_seq)), std::string::npos)
            << "RST at SEG.ACK";
    }
    EXPECT_TRUE(world.send(c.client_segment("PA").payload("late").build()).empty());
    EXPECT_EQ(world.dropped(Drop::dead_flow), 1U);
    EXPECT_EQ(world.send(c.server_segment("A").build()).size(), 1U) << "the server's own three";
}

TEST(DeadServer, NewSynOfTheSameClientIsServedElsewhere) {
    World world;
    Connection c(world);
    c.open();
    set_state(world, 0, ServerState::down);
    world.run();
    c.client_seq += 100'000;
    EXPECT_EQ(c.from_client("S").destination_mac(), "02:00:00:00:00:0c");
}

// 64 a round: other traffic waits for no more than that.
TEST(DeadServer, TenThousandFlowsAreResetAndEachRoundIsBounded) {
    World world({.servers = 2, .flow_capacity = 32'768});
    open_connections(world, 10'000);
    set_state(world, 0, ServerState::down);
    world.workers[0]->poll_once(world.now_ns);
    EXPECT_EQ(world.counted(&C::flows_reset), 64U);
    for (int rounds = 0; rounds < 200 && world.counted(&C::flows_reset) < 5'000; ++rounds)
        world.run();
    EXPECT_EQ(world.counted(&C::flows_reset), 5'000U);
}

TEST(DeadServer, AllClientsAreToldBeforeTheServer) {
    World world({.servers = 1});
    open_connections(world, 100);
    set_state(world, 0, ServerState::down);
    const Lines sent = world.run();
    ASSERT_EQ(sent.size(), 200U);
    EXPECT_EQ(count({sent.begin(), sent.begin() + 100}, "> 192.168.8.50 "), 100U);
    EXPECT_EQ(count({sent.begin() + 100, sent.end()}, "> 192.168.8.11 "), 100U);
}

// The server that comes back in the middle of it has flows that its clients no longer have.
TEST(DeadServer, AServerThatIsUpAgainIsToldOfItsDeadFlows) {
    World world({.servers = 1});
    open_connections(world, 64);
    set_state(world, 0, ServerState::down);
    world.workers[0]->poll_once(world.now_ns);
    set_state(world, 0, ServerState::up);
    const Lines sent = world.run();
    EXPECT_EQ(count(sent, "> 192.168.8.50 "), 64U);
    EXPECT_EQ(count(sent, "> 192.168.8.11 "), 64U);
}

TEST(DeadServer, AnOperatorsOrderIsReportedAsSuch) {
    for (const ServerState state : {ServerState::disabled, ServerState::absent}) {
        World world;
        Connection c(world);
        c.open();
        set_state(world, 0, state);
        EXPECT_EQ(world.run().size(), 2U);
        exchange::FlowEvent event;
        while (world.exchange.workers[0]->events.pop(event) &&
               event.kind != exchange::FlowEventKind::ended) {
        }
        EXPECT_EQ(event.kind, exchange::FlowEventKind::ended);
        EXPECT_EQ(event.cause, state == ServerState::absent ? exchange::EndCause::removed
                                                            : exchange::EndCause::disabled);
    }
}

// A reload has taken the virtual_server out.
TEST(DeadServer, ARemovedServicesFlowsAreResetAndAnsweredAndItsPortRefuses) {
    World world;
    Connection c(world);
    c.open();
    Connection half_open(world, 4002);
    half_open.from_client("S");
    world.change([](exchange::Snapshot& s) {
        s.services[0].present = false;
        s.services[0].servers.clear();
        for (exchange::Server& server : s.servers)
            server.state = ServerState::absent;
    });
    EXPECT_EQ(count(world.run(), "> 192.168.8.50 "), 2U) << "nobody else may have the SYN";
    EXPECT_EQ(world.counted(&C::flows_reset), 2U);
    const Lines answer = world.send(c.client_segment("PA").payload("late").build());
    ASSERT_EQ(answer.size(), 1U);
    EXPECT_NE(answer[0].find("[R] seq " + std::to_string(c.server_seq)), std::string::npos);
    EXPECT_EQ(world.send(c.server_segment("A").build()).size(), 1U);
    Connection fresh(world, 4001);
    const Lines refused = world.send(fresh.client_segment("S").build());
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_NE(refused[0].find("[RA]"), std::string::npos);
}

TEST(DeadServer, DrainLeavesFlowsAlone) {
    World world;
    Connection c(world);
    c.open();
    set_state(world, 0, ServerState::drain);
    EXPECT_TRUE(world.run().empty());
    EXPECT_NE(c.from_client("PA", "x").line.find("192.168.8.11"), std::string::npos);
    EXPECT_EQ(Connection(world, 4001).from_client("S").destination_mac(), "02:00:00:00:00:0c");
    EXPECT_EQ(Connection(world, 4002).from_client("S").destination_mac(), "02:00:00:00:00:0c");
}

TEST(DeadServer, ABackupResetsInSilence) {
    World world;
    Connection c(world);
    c.open();
    world.set_master(false);
    set_state(world, 0, ServerState::down);
    EXPECT_TRUE(world.run().empty()) << "the master speaks for the VIP";
}

}  // namespace
}  // namespace warren::datapath
