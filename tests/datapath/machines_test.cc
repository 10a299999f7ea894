// SPDX-License-Identifier: BSD-3-Clause
// Two machines of different numbers of workers with the same virtual address: which local ports
// each gives out, and where a flow of the other's lives.
#include "peer.h"

namespace warren::datapath {
namespace {

using C = exchange::WorkerCounters;

// A record whose two sides have different owners in that world, in place of one that agrees.
Connection split(World& world) {
    Connection c = foreign(world);
    const unsigned of_client = world.spread.owner(record_of(c).client_tuple());
    while (world.spread.owner(record_of(c).server_tuple()) == of_client)
        ++c.local_port;
    return c;
}

class SignpostTest : public testing::Test {
  protected:
    SignpostTest() {
        of_client = world.spread.owner(record_of(c).client_tuple());
        of_server = world.spread.owner(record_of(c).server_tuple());
        Peer(world, of_server).install(record_of(c));
        put_up(of_client, of_server);
    }
    void put_up(unsigned at, unsigned to) {
        Peer(world, at).order(
            {.kind = SyncCommand::Kind::signpost, .number = to, .flow = record_of(c)});
        world.run();
    }
    void settle() {
        world.run();
        world.advance(second);
        world.run();
    }

    World world{{.workers = 3, .flow_sync = true}};
    Connection c = split(world);
    unsigned of_client = 0, of_server = 0;
};

TEST_F(SignpostTest, LeadsTheClientsSegmentsToTheFlow) {
    for (unsigned queue = 0; queue < 3; ++queue) {
        const Lines to_server = world.send(c.client_segment("PA").payload("q").build(), queue);
        ASSERT_EQ(to_server.size(), 1U);
        EXPECT_NE(to_server[0].find(" > 192.168.8.11 "), std::string::npos);
        const Lines to_client = world.send(c.server_segment("PA").payload("r").build(), queue);
        ASSERT_EQ(to_client.size(), 1U);
        EXPECT_NE(to_client[0].find(" > 192.168.8.50 "), std::string::npos);
    }
    EXPECT_GE(world.counted(&C::signposted), 2U);
}

TEST_F(SignpostTest, EndsWithItsFlow) {
    settle();
    world.set_master(false);
    Peer(world, of_server).end(record_of(c));
    Peer(world, of_client).end(record_of(c));
    world.set_master(true);
    settle();
    const Lines sent = world.send(c.client_segment("A").build());
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(sent[0].find("[R]"), std::string::npos);
    EXPECT_EQ(world.counted(&C::signposted), 0U);
}

// The client opens a new connection under its old port: the flow's worker takes it, for it does not
// hand on what was handed to it.
TEST_F(SignpostTest, ANewConnectionOfTheClientIsServedWhereTheOldOneWas) {
    c.from_client("FA");
    ++c.client_seq;
    c.from_server("FA");
    ++c.server_seq;
    c.from_client("A");
    c.client_seq += 100'000;
    c.open();
    EXPECT_EQ(world.counted(&C::flows_admitted), 1U);
    EXPECT_NE(c.from_server("PA", "x").line.find(" > 192.168.8.50 "), std::string::npos);
}

TEST_F(SignpostTest, TwoThatPointAtEachOtherSendNothingRound) {
    settle();
    world.set_master(false);
    Peer(world, of_server).end(record_of(c));
    put_up(of_server, of_client);
    world.set_master(true);
    settle();
    const Lines sent = world.send(c.client_segment("A").build(), of_client);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(sent[0].find("[R]"), std::string::npos);
    EXPECT_EQ(world.counted(&C::signposted), 1U);
}

TEST_F(SignpostTest, ARecordTakesItsPlace) {
    Peer(world, of_client).install(record_of(c));
    world.send(c.client_segment("A").build(), of_client);
    EXPECT_EQ(world.counted(&C::signposted), 0U);
    EXPECT_EQ(world.exchange.workers[of_client]->sync->kept_own.value(), 0U);
}

TEST_F(SignpostTest, OnlyAnotherWorkerCanBePointedAt) {
    put_up(of_client, of_client);
    put_up(of_client, 3);
    EXPECT_EQ(Peer(world, of_client).refused(SyncRefusal::malformed), 2U);
}

TEST(Machines, NeverGiveOutTheSamePortAndKeepBothSidesTogether) {
    World first({.workers = 2, .flow_sync = true, .port_share = {0, 2}});
    World second_one({.workers = 3, .flow_sync = true, .port_share = {1, 2}});
    std::vector<flow::Spread> spreads;
    for (unsigned workers = 1; workers <= 16; ++workers)
        spreads.emplace_back(first.spread.key(), workers);
    std::set<std::uint16_t> ports;
    for (std::uint16_t port = 4000; port < 4060; ++port)
        for (World* world : {&first, &second_one}) {
            Connection c(*world, port);
            c.open();
            EXPECT_TRUE(ports.insert(c.local_port).second || c.server_address == "192.168.8.12");
            flow::Flow f = record_of(c);
            f.set_server_address(packets::address(c.server_address));
            for (const flow::Spread& spread : spreads) {
                EXPECT_EQ(spread.owner(f.client_tuple()), spread.owner(f.server_tuple()));
            }
        }
    EXPECT_EQ(first.counted(&C::ports_spilled), 0U);
    EXPECT_EQ(first.counted(&C::handoff_in), first.counted(&C::handoff_out));
}

// All flows of a group have one owner, and so one entry, which is soon used up.
TEST(Machines, AGroupOfClientsSpills) {
    World world({.servers = 1, .flow_capacity = 2048, .flow_sync = true, .port_share = {0, 2}});
    world.change([](exchange::Snapshot& s) {
        s.services[0].persistence = {.timeout_ns = 300 * second, .prefix_length = 24};
    });
    for (std::uint16_t port = 4000; port < 4300; ++port)
        Connection(world, port).open();
    EXPECT_EQ(world.counted(&C::ports_spilled), 300U - 252U);
}

// A port that the other machine has used gets past the server's TIME-WAIT.
TEST(Machines, HaveOneClockForInitialSequenceNumbers) {
    World first({.flow_sync = true});
    World other({.flow_sync = true, .isn_clock_ns = 500 * second});
    first.advance(500 * second);
    first.set_master(true);
    Connection a(first), b(other);
    a.open();
    b.open();
    EXPECT_EQ(a.local_port, b.local_port);
    EXPECT_EQ(a.delta, b.delta);
}

}  // namespace
}  // namespace warren::datapath
