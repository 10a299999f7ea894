// SPDX-License-Identifier: BSD-3-Clause
// Before, during and after a takeover: a backup that has flows touches nothing, a new master serves
// them at once, and what it does not know for sure it asks.
#include "peer.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using exchange::ServerState;
using C = exchange::WorkerCounters;

class TakeoverTest : public testing::Test {
  protected:
    TakeoverTest() { world.set_master(false); }

    // A flow that the peer has told us of.
    Connection known(std::uint16_t client_port = 4000) {
        const Connection c = foreign(world, client_port);
        peer.install(record_of(c));
        return c;
    }
    void take_over() {
        world.set_master(true);
        world.run();
    }
    void set_state(ServerState state) {
        world.change([=](exchange::Snapshot& s) { s.servers[0].state = state; });
    }
    // The wheel turns a bounded part in each round.
    std::vector<packets::Frame> pass(unsigned seconds) {
        std::vector<packets::Frame> all;
        for (unsigned i = 0; i < seconds; i += 5) {
            world.advance(5 * second);
            const auto sent = world.run_raw();
            all.insert(all.end(), sent.begin(), sent.end());
        }
        return all;
    }
    std::uint64_t flows() const { return world.exchange.workers[0]->servers[0].active.value(); }

    World world{{.flow_sync = true}};
    Peer peer{world};
};

std::size_t lines_with(const Lines& lines, const std::string& part) {
    std::size_t n = 0;
    for (const std::string& line : lines)
        n += line.find(part) != std::string::npos ? 1U : 0U;
    return n;
}

TEST_F(TakeoverTest, AHeaderThatIsDueIsTheNewMastersToSendAgain) {
    world.change([](exchange::Snapshot& s) { s.servers[0].proxy = net::ProxyVersion::v1; });
    Connection c = foreign(world);
    flow::Flow record = record_of(c);
    record.header_due = net::ProxyVersion::v2;  // which one it is our own file says
    const std::string header =
        "PROXY TCP4 192.168.8.50 192.168.8.100 " + std::to_string(c.client_port) + " 5672\r\n";
    record.ack_from_server -= static_cast<std::uint32_t>(header.size());
    peer.install(record);
    take_over();
    const auto sent = world.send_raw(c.client_segment("A"));
    ASSERT_EQ(sent.size(), 1U);
    const net::Parsed p = net::parse(sent[0]);
    EXPECT_EQ(p.sequence, record.ack_from_server);
    EXPECT_EQ(std::string(sent[0].begin() + p.payload_offset, sent[0].end()), header);
}

TEST_F(TakeoverTest, ABackupNeitherAgesNorProbesNorResets) {
    known();
    EXPECT_TRUE(pass(10'000).empty());
    set_state(ServerState::down);
    EXPECT_EQ(world.run(), silence);
    EXPECT_EQ(flows(), 1U);
    EXPECT_EQ(world.counted(&C::flows_reset), 0U);
    EXPECT_TRUE(world.exchange.workers[0]->sheds.push({.server = 0, .all = true}));
    EXPECT_EQ(world.run(), silence);
    EXPECT_EQ(flows(), 1U);
}

TEST_F(TakeoverTest, ABackupForgetsAHandshakeAfterAMinute) {
    flow::Flow record = record_of(foreign(world));
    record.state = flow::TcpState::syn_received;
    peer.install(record);
    pass(55);
    EXPECT_EQ(flows(), 1U);
    EXPECT_TRUE(pass(10).empty());
    EXPECT_EQ(flows(), 0U);
}

// What nobody has told it, it asks: the longest idle are asked after two hours, as ever.
TEST_F(TakeoverTest, AfterATakeoverIdleFlowsAreProbedAgain) {
    const Connection c = known();
    pass(7'500);
    world.set_master(true);
    const auto sent = pass(10);
    ASSERT_GE(sent.size(), 2U);
    EXPECT_EQ(net::parse(sent[0]).sequence, c.server_seq - 1);
    EXPECT_EQ(net::parse(sent[0]).acknowledgement, c.client_seq - (1U << 30)) << "never taken";
}

TEST_F(TakeoverTest, AServerThatDiedBeforeItIsResetByTheNewMaster) {
    known();
    set_state(ServerState::down);
    EXPECT_EQ(world.run(), silence);
    world.set_master(true);
    EXPECT_NE(world.run(), silence);
    EXPECT_EQ(world.counted(&C::flows_reset), 1U);
}

TEST_F(TakeoverTest, AFlowThatComesLateIsResetToo) {
    take_over();
    set_state(ServerState::down);
    world.run();
    known();
    EXPECT_EQ(world.counted(&C::flows_reset), 1U);
}

// The numbers of the record are old by two thirds of all there are. RST at them, for they may be
// right; and a question, whose answer meets the stub.
TEST_F(TakeoverTest, AnUnsureFlowsEndsGetExactResetsByTheirOwnAnswers) {
    Connection c = known();
    take_over();
    set_state(ServerState::down);
    const auto sent = world.run_raw();
    ASSERT_EQ(sent.size(), 4U) << "RST and probe to each end";
    const std::uint32_t true_server_seq = c.server_seq + 0xb000'0000;
    const net::Parsed reset = net::parse(sent[0]);
    EXPECT_EQ(reset.tcp_flags, net::tcp_flag::rst | net::tcp_flag::ack);
    EXPECT_EQ(reset.sequence, c.server_seq);
    const net::Parsed probe = net::parse(sent[2]);
    EXPECT_EQ(probe.tcp_flags, net::tcp_flag::ack);
    EXPECT_EQ(probe.destination.to_string(), client);
    EXPECT_EQ(probe.sequence, c.server_seq - 1);
    EXPECT_EQ(probe.acknowledgement, c.client_seq - (1U << 30));
    c.server_seq = true_server_seq;
    const auto answer = world.send_raw(c.client_segment("A").build());
    ASSERT_EQ(answer.size(), 1U);
    EXPECT_EQ(net::parse(answer[0]).tcp_flags, net::tcp_flag::rst);
    EXPECT_EQ(net::parse(answer[0]).sequence, true_server_seq);
}

// A question or its answer may be lost; Linux answers one in half a second.
TEST_F(TakeoverTest, WhoDoesNotAnswerIsAskedThreeTimes) {
    Connection c = known();
    take_over();
    set_state(ServerState::down);
    world.run();
    world.send(c.server_segment("A").build());
    std::size_t asked = 0;
    for (int round = 0; round < 10; ++round) {
        world.advance(6 * second);
        const Lines sent = world.run();
        asked += lines_with(sent, "> 192.168.8.50 ");
        EXPECT_EQ(lines_with(sent, "> 192.168.8.11 "), 0U) << "it has answered";
    }
    EXPECT_EQ(asked, 2U) << "and once at first";
}

TEST_F(TakeoverTest, ASureFlowIsNotAsked) {
    Connection c = known();
    take_over();
    c.from_client("A");
    c.from_server("A");
    set_state(ServerState::down);
    EXPECT_EQ(world.run().size(), 2U);
}

// The first segment says where the numbers are, though they have gone round since.
TEST_F(TakeoverTest, AfterASegmentOfEachEndItsResetsAreExactAgain) {
    for (const std::uint32_t far : {1U, 0x7fff'ffffU, 0x8000'0000U, 0xffff'0000U}) {
        World fresh({.flow_sync = true});
        fresh.set_master(false);
        Peer told(fresh);
        Connection c = foreign(fresh);
        told.install(record_of(c));
        fresh.set_master(true);
        c.client_seq += far;
        c.server_seq += far;
        const Seen to_server = c.from_client("A");
        EXPECT_EQ(to_server.parsed.sequence, c.client_seq + 123'456U);
        c.from_server("A");
        fresh.change([](exchange::Snapshot& s) { s.servers[0].state = ServerState::down; });
        const auto sent = fresh.run_raw();
        ASSERT_EQ(sent.size(), 2U);
        EXPECT_EQ(net::parse(sent[0]).sequence, c.server_seq);
        EXPECT_EQ(net::parse(sent[1]).sequence, c.client_seq + 123'456U);
    }
}

TEST_F(TakeoverTest, AResetThatMayBeRightIsFollowedByAQuestion) {
    Connection c = known();
    take_over();
    c.client_seq += 77;
    const Seen passed = c.from_client("R");
    EXPECT_EQ(passed.parsed.destination.to_string(), "192.168.8.11");
    EXPECT_EQ(flows(), 1U);
    world.advance(2 * second);
    EXPECT_EQ(world.run().size(), 2U);
    EXPECT_EQ(world.counted(&C::probes_sent), 2U);
}

TEST_F(TakeoverTest, SegmentsOfUnknownFlowsAreDroppedForAMomentAndSynsAreServed) {
    take_over();
    world.advance(100 * ms);
    Connection c = foreign(world);
    EXPECT_EQ(world.send(c.client_segment("A").build()), silence);
    EXPECT_EQ(world.send(c.server_segment("A").build()), silence);
    EXPECT_EQ(world.dropped(Drop::settling), 2U);
    Connection(world, 4001).open();
    world.advance(51 * ms);
    EXPECT_EQ(lines_with(world.send(c.client_segment("A").build()), "[R]"), 1U);
    EXPECT_EQ(world.dropped(Drop::settling), 2U);
}

TEST(Takeover, WithoutFlowSyncThereIsNothingToWaitFor) {
    World world;
    world.set_master(false);
    world.run();
    world.set_master(true);
    EXPECT_EQ(lines_with(world.send(foreign(world).client_segment("A").build()), "[R]"), 1U);
}

class HandoverGraceTest : public TakeoverTest {
  protected:
    // With use_vmac, and handed over just now.
    HandoverGraceTest() {
        world.change([](exchange::Snapshot& s) {
            s.virtual_routers[0].mac = packets::mac(virtual_mac);
            s.addresses[0].mac = packets::mac(virtual_mac);
            s.servers[0].link_source = packets::mac(virtual_mac);
        });
        take_over();
    }
    void hand_over() {
        world.set_master(false);
        world.exchange.ownership.begin_grace(0, world.now_ns + 50 * ms);
        world.run();
    }
    static std::string source_of(const Seen& seen) {
        return net::load<net::EthernetHeader>(seen.frame, 0).source.to_string();
    }
};

TEST_F(HandoverGraceTest, KnownFlowsGoOnWithThePortsOwnMac) {
    Connection c = known();
    EXPECT_EQ(source_of(c.from_client("A")), virtual_mac);
    hand_over();
    for (int side = 0; side < 2; ++side) {
        const Seen seen = side == 0 ? c.from_client("PA", "x") : c.from_server("PA", "y");
        EXPECT_EQ(source_of(seen), vip_mac) << "the switches must not turn back";
        EXPECT_EQ(seen.destination_mac(), side == 0 ? "02:00:00:00:00:0b" : client_mac);
    }
    world.advance(51 * ms);
    EXPECT_EQ(world.send(c.client_segment("A").build()), silence);
    EXPECT_EQ(world.dropped(Drop::not_owned), 1U);
}

TEST_F(HandoverGraceTest, NothingElseIsOurs) {
    known();
    hand_over();
    const auto to_us = packets::PacketBuilder().ethernet(client_mac, virtual_mac).ip(client, vip);
    EXPECT_EQ(world.send(Connection(world, 4001).client_segment("S").build()), silence);
    EXPECT_EQ(world.send(Connection(world, 4001).client_segment("A").build()), silence);
    EXPECT_EQ(world.send(packets::PacketBuilder(to_us).echo_request(1, 1).build()), silence);
    EXPECT_EQ(world.dropped(Drop::not_owned), 3U);
    EXPECT_EQ(world.counted(&C::flows_admitted), 0U);
    set_state(ServerState::down);
    EXPECT_EQ(world.run(), silence);
}

// Who refuses may be dead. A RST with a number that is old would be nobody's.
TEST_F(TakeoverTest, WhereNumbersAreOldTheRollIsCalledAtTheClients) {
    known();
    ASSERT_TRUE(world.exchange.workers[0]->roll_calls.push({.server = 0}));
    EXPECT_EQ(world.run(), silence) << "the peer's flows are the peer's";
    take_over();
    world.advance(1'000'000);
    ASSERT_TRUE(world.exchange.workers[0]->roll_calls.push({.server = 0}));
    const Lines sent = world.run();
    EXPECT_EQ(sent.size(), 1U);
    EXPECT_EQ(lines_with(sent, "> 192.168.8.50 ttl 64 DF TCP 5672 > 4000 [A]"), 1U);
}

TEST_F(HandoverGraceTest, WithoutAHandOverThereIsNone) {
    Connection c = known();
    world.set_master(false);
    EXPECT_EQ(world.send(c.client_segment("A").build()), silence);
}

}  // namespace
}  // namespace warren::datapath
