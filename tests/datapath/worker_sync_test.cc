// SPDX-License-Identifier: BSD-3-Clause
// Flow sync in a worker: what it says of its flows, what it takes from the peer, and whose word
// counts.
#include "peer.h"

namespace warren::datapath {
namespace {

using Kind = SyncEvent::Kind;
using flow::TcpState;

class MirrorTest : public testing::Test {
  protected:
    World world{{.flow_sync = true}};
    Peer peer{world};
};

TEST_F(MirrorTest, AFlowIsSaidWhenItsClientHasAnsweredAndAtEachStepToItsEnd) {
    Connection c(world);
    c.from_client("S");
    ++c.client_seq;
    c.server_seq = 70'000;
    c.from_server("SA");
    ++c.server_seq;
    EXPECT_TRUE(peer.heard().empty()) << "a flood of SYNs is no storm of records";
    c.from_client("A");
    auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].kind, Kind::flow);
    EXPECT_EQ(heard[0].flow.client_tuple().source_port.host(), 4000);
    EXPECT_EQ(heard[0].flow.state, TcpState::established);
    EXPECT_EQ(heard[0].flow.seq_delta, c.delta);
    EXPECT_EQ(heard[0].flow.next_to_client, c.server_seq);
    c.from_client("PA", "hello");
    EXPECT_TRUE(peer.heard().empty()) << "nothing else in its life changes what a peer must know";
    c.client_seq += 5;
    c.from_client("FA");
    ++c.client_seq;
    heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].flow.state, TcpState::fin_client);
    c.from_server("FA");
    heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].kind, Kind::ended);
    EXPECT_EQ(heard[0].flow.local_port.host(), c.local_port);
    EXPECT_EQ(peer.sum(), flow::FlowSum{});
}

TEST_F(MirrorTest, APeerIsToldWhetherAServerStillHasToLearnWhoItsClientIs) {
    world.change([](exchange::Snapshot& s) { s.servers[0].proxy = net::ProxyVersion::v2; });
    Connection c(world);
    c.open();
    constexpr std::uint32_t header_bytes = 28;
    auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].flow.header_due, net::ProxyVersion::v2);
    EXPECT_EQ(heard[0].flow.seq_delta, c.delta + header_bytes);
    world.send(c.server_segment("A").ack(c.client_seq + c.delta + header_bytes));
    heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].flow.header_due, net::ProxyVersion::none);
    EXPECT_NE(peer.sum(), flow::FlowSum{});
    world.send(c.client_segment("RA"));
    EXPECT_EQ(peer.sum(), flow::FlowSum{}) << "it is the same flow all the while";
}

TEST_F(MirrorTest, NothingIsSaidToNobodyByABackupOrOfAServiceThatIsLeftOut) {
    world.exchange.sync.speaks = false;
    Connection(world, 4000).open();
    world.exchange.sync.speaks = true;
    world.run();
    EXPECT_TRUE(peer.heard().empty());
    world.change([](exchange::Snapshot& s) { s.services[0].synced = false; });
    Connection(world, 4001).open();
    EXPECT_TRUE(peer.heard().empty());
    world.change([](exchange::Snapshot& s) { s.services[0].synced = true; });
    world.set_master(false);
    peer.install(record_of(foreign(world)));
    EXPECT_TRUE(peer.heard().empty());
}

TEST_F(MirrorTest, AClientsInterfaceIsNamedIfItIsNotItsVips) {
    world.change([](exchange::Snapshot& s) {
        s.port_names = {10, 20};
        for (auto& address : s.addresses)
            address.port = 1;  // `dev`: its router stays on the first
    });
    Connection(world, 4000).open();
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].client_interface, 10);
}

TEST_F(MirrorTest, ARecordIsForwardedAtOnceFromEitherSide) {
    world.set_master(false);
    Connection c = foreign(world);
    peer.install(record_of(c));
    Connection d = foreign(world, 4001);
    peer.install(record_of(d));
    EXPECT_EQ(peer.link.installed.value(), 2U);
    EXPECT_EQ(world.exchange.workers[0]->servers[0].active.value(), 2U);
    world.set_master(true);
    const Seen to_server = c.from_client("PA", "x");
    EXPECT_EQ(to_server.parsed.sequence, 5'000 + 123'456U);
    EXPECT_EQ(to_server.parsed.source_port.host(), 24'000);
    EXPECT_EQ(to_server.destination_mac(), "02:00:00:00:00:0b");
    const Seen to_client = d.from_server("PA", "y");
    EXPECT_EQ(to_client.parsed.destination_port.host(), 4001);
    EXPECT_EQ(to_client.parsed.acknowledgement, 5'000U);
    EXPECT_EQ(to_client.destination_mac(), client_mac);
}

// Whose word counts, row by row.
TEST_F(MirrorTest, ABackupTakesWhatThePeerSaysWhateverItHasServed) {
    Connection c(world);
    c.open();
    world.set_master(false);
    flow::Flow record = record_of(c);
    record.state = TcpState::fin_client;
    peer.install(record);
    EXPECT_EQ(peer.link.kept_own.value(), 0U);
    peer.end(record);
    EXPECT_EQ(world.exchange.workers[0]->servers[0].active.value(), 0U);
    EXPECT_EQ(peer.sum(), flow::FlowSum{});
}

TEST_F(MirrorTest, AMasterAddsWhatItDoesNotHave) {
    Connection c = foreign(world);
    peer.install(record_of(c));
    EXPECT_EQ(peer.link.installed.value(), 1U);
    c.from_client("PA", "x");
    EXPECT_EQ(world.counted(&exchange::WorkerCounters::resets_sent), 0U);
}

TEST_F(MirrorTest, AMasterTakesThePeersWordForAFlowThatNobodyHasBeenServedBy) {
    const Connection c = foreign(world);
    peer.install(record_of(c));
    flow::Flow record = record_of(c);
    record.state = TcpState::fin_server;
    peer.heard();
    peer.install(record);
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].flow.state, TcpState::fin_server);
    peer.end(record);
    EXPECT_EQ(peer.sum(), flow::FlowSum{});
    EXPECT_EQ(peer.link.kept_own.value(), 0U);
}

TEST_F(MirrorTest, AMasterKeepsAFlowThatItHasServed) {
    Connection c = foreign(world);
    peer.install(record_of(c));
    c.from_client("PA", "x");
    flow::Flow record = record_of(c);
    record.seq_delta = 9;
    peer.install(record);
    EXPECT_EQ(peer.link.kept_own.value(), 1U);
    peer.end(record_of(c));
    EXPECT_EQ(peer.link.kept_own.value(), 2U);
    c.client_seq += 1;
    EXPECT_EQ(c.from_client("PA", "y").parsed.sequence, c.client_seq + 123'456U);
}

TEST_F(MirrorTest, AMasterGivesUpItsOwnFlowForNobody) {
    Connection c(world);
    c.open();
    flow::Flow record = record_of(c);
    record.local_port = net::Be16(9'999);
    peer.install(record);
    peer.end(record_of(c));
    EXPECT_EQ(peer.link.kept_own.value(), 2U);
    EXPECT_EQ(c.from_client("PA", "x").parsed.source_port.host(), c.local_port);
}

TEST_F(MirrorTest, OfTwoFlowsWithOneServerTupleTheOneThatIsServedStays) {
    Connection c = foreign(world);
    peer.install(record_of(c));
    flow::Flow other = record_of(foreign(world, 4001));
    other.local_port = net::Be16(c.local_port);
    peer.install(other);
    EXPECT_EQ(peer.refused(SyncRefusal::port_conflict), 0U) << "nobody has been served by it";
    EXPECT_EQ(peer.sum().count, 1U);
    Connection(world, 4001).from_client("A");
    peer.heard();
    peer.install(record_of(c));
    EXPECT_EQ(peer.refused(SyncRefusal::port_conflict), 1U);
    const auto heard = peer.heard(Kind::refused);
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].refusal, SyncRefusal::port_conflict);
    EXPECT_EQ(heard[0].flow.client_port.host(), 4000);
}

TEST_F(MirrorTest, EachReasonToRefuseHasItsCounter) {
    const flow::Flow good = record_of(foreign(world));
    const auto expect = [&](SyncRefusal why, auto edit) {
        flow::Flow bad = good;
        edit(bad);
        peer.install(bad);
        EXPECT_EQ(peer.refused(why), 1U) << static_cast<int>(why);
    };
    const auto elsewhere = packets::address("192.168.8.77");
    expect(SyncRefusal::unknown_vip, [&](auto& f) { f.set_vip(elsewhere); });
    expect(SyncRefusal::unknown_service, [](auto& f) { f.service_port = net::Be16(1); });
    expect(SyncRefusal::unknown_server, [&](auto& f) { f.set_server_address(elsewhere); });
    expect(SyncRefusal::method_differs, [&](auto& f) {
        f.method = flow::Method::nat;
        f.set_local_address(f.client_address());
        f.local_port = f.client_port;
    });
    expect(SyncRefusal::family, [](auto& f) { f.set_client_address(packets::address("fd00::1")); });
    expect(SyncRefusal::local_not_ours, [&](auto& f) { f.set_local_address(elsewhere); });
    expect(SyncRefusal::malformed, [](auto& f) { f.state = TcpState::syn_sent; });
    world.change([](exchange::Snapshot& s) { s.services[0].synced = false; });
    expect(SyncRefusal::service_off, [](auto&) {});
    EXPECT_EQ(peer.sum().count, 0U);
}

TEST(Mirror, AFullTableRefuses) {
    World world({.flow_capacity = 64, .flow_sync = true});
    Peer peer(world);
    world.set_master(false);
    for (std::uint16_t port = 4000; port < 4065; ++port)
        peer.install(record_of(foreign(world, port)));
    EXPECT_EQ(peer.link.installed.value(), 64U);
    EXPECT_EQ(peer.refused(SyncRefusal::table_full), 1U);
}

// The same set of flows on another machine, whose indices differ, has the same sum.
TEST_F(MirrorTest, TheSumsOfBothSidesAreEqual) {
    World other({.servers = 3, .flow_sync = true});
    other.change([](exchange::Snapshot& s) {
        std::swap(s.servers[0], s.servers[2]);
        s.virtual_routers.resize(1);
    });
    other.set_master(false);
    Peer copy(other);
    for (std::uint16_t port = 4000; port < 4020; ++port)
        Connection(world, port).open();
    for (const SyncEvent& event : peer.heard(Kind::flow))
        copy.install(event.flow);
    EXPECT_EQ(peer.sum().count, 20U);
    EXPECT_EQ(copy.sum(), peer.sum());
}

TEST_F(MirrorTest, AMarkComesBehindAllThatItsSumsContain) {
    Connection(world).open();
    peer.order({.kind = SyncCommand::Kind::mark, .number = 5});
    Connection(world, 4001).open();
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 3U);
    EXPECT_EQ(heard[0].kind, Kind::flow);
    EXPECT_EQ(heard[1].kind, Kind::mark);
    EXPECT_EQ(heard[1].number, 5U);
    EXPECT_EQ(peer.link.sums[0].count, 1U);
}

TEST_F(MirrorTest, AskedAgainAWorkerSaysThePresentState) {
    Connection c(world);
    c.open();
    const SyncEvent first = peer.heard().at(0);
    c.from_client("FA");
    peer.heard();
    const SyncCommand again{
        .kind = SyncCommand::Kind::again, .index = first.index, .number = 9, .flow = first.flow};
    peer.order(again);
    world.run();
    auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].number, 9U);
    EXPECT_EQ(heard[0].flow.state, TcpState::fin_client);
    ++c.client_seq;
    c.from_server("FA");
    peer.heard();
    peer.order(again);
    world.run();
    heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].kind, Kind::ended);
    EXPECT_EQ(heard[0].flow.client_tuple(), first.flow.client_tuple());
}

TEST_F(MirrorTest, AWalkSaysEachFlowOnceAndItsEnd) {
    for (std::uint16_t port = 4000; port < 4100; ++port)
        Connection(world, port).open();
    peer.heard();
    peer.order(
        {.kind = SyncCommand::Kind::walk, .router = exchange::Snapshot::no_router, .number = 3});
    world.workers[0]->poll_once(world.now_ns);
    EXPECT_EQ(peer.link.events.size(), 32U) << "a part each round";
    world.run();
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 101U);
    std::set<std::uint16_t> ports;
    for (const SyncEvent& event : heard) {
        EXPECT_EQ(event.number, 3U);
        if (event.kind == Kind::flow) ports.insert(event.flow.client_port.host());
    }
    EXPECT_EQ(ports.size(), 100U);
    EXPECT_EQ(heard.back().kind, Kind::walked);
}

class Groups : public testing::Test {
  protected:
    Groups() {
        world.change([](exchange::Snapshot& s) { s.services[0].persistence = {60 * second, 32}; });
    }
    std::string next_server() {
        Connection c(world, next_port_++);
        c.open();
        c.from_client("RA");
        return c.server_address;
    }
    // To the third server, which rr would not begin with.
    void bind(flow::Tick left) {
        flow::Flow said = record_of(Connection(world), 13);
        peer.order({.kind = SyncCommand::Kind::bind, .idle = left, .flow = said});
        world.run();
    }
    void pass(std::uint64_t ns) {
        world.advance(ns);
        world.run();
    }

    World world{{.servers = 3, .flow_sync = true}};
    Peer peer{world};

  private:
    std::uint16_t next_port_ = 4000;
};

TEST_F(Groups, OfClientsWithoutFlowsAreSaidByAWalkBehindItsFlows) {
    Connection(world, 3999).open();
    world.change([](exchange::Snapshot& s) { s.services[0].persistence.prefix_length = 24; });
    const std::string server = next_server();
    peer.heard();
    pass(20 * second);
    peer.order(
        {.kind = SyncCommand::Kind::walk, .router = exchange::Snapshot::no_router, .number = 3});
    world.run();
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 3U) << "a flow, a group without one, and the end";
    EXPECT_EQ(heard[0].kind, Kind::flow);
    ASSERT_EQ(heard[1].kind, Kind::group);
    EXPECT_EQ(heard[1].flow.client_address().to_string(), "192.168.8.0");
    EXPECT_EQ(heard[1].flow.vip().to_string(), vip);
    EXPECT_EQ(heard[1].flow.service_port.host(), 5672);
    EXPECT_EQ(heard[1].flow.server_address().to_string(), server);
    EXPECT_NEAR(heard[1].idle, flow::ticks_of_seconds(40), 2);
    EXPECT_EQ(heard[2].kind, Kind::walked);
}

TEST_F(Groups, ThePeersHoldAfterTheTakeover) {
    world.set_master(false);
    bind(flow::ticks_of_seconds(40));
    world.set_master(true);
    EXPECT_EQ(next_server(), "192.168.8.13");
}

TEST_F(Groups, ThePeersEndWithTheirTime) {
    world.set_master(false);
    bind(flow::ticks_of_seconds(40));
    pass(41 * second);
    world.set_master(true);
    EXPECT_NE(next_server(), "192.168.8.13");
}

TEST_F(Groups, NobodyBindsLongerThanTheServiceDoes) {
    world.set_master(false);
    bind(flow::ticks_of_seconds(4'000));
    pass(62 * second);
    world.set_master(true);
    EXPECT_NE(next_server(), "192.168.8.13");
}

TEST_F(Groups, AMasterKnowsItsOwnBetter) {
    const std::string own = next_server();
    ASSERT_NE(own, "192.168.8.13");
    bind(flow::ticks_of_seconds(40));
    EXPECT_EQ(next_server(), own);
}

TEST_F(MirrorTest, AWalkLeavesHalfOfTheChannelToNews) {
    for (std::uint16_t port = 4000; port < 4100; ++port)
        Connection(world, port).open();
    for (unsigned n = 0; n < exchange::SyncLink::events_max / 2 - 100 - 10; ++n)
        ASSERT_TRUE(peer.link.events.push(SyncEvent{}));
    peer.order({.kind = SyncCommand::Kind::walk, .router = 0, .number = 3});
    world.run();
    EXPECT_LE(peer.link.events.size(), exchange::SyncLink::events_max / 2);
    EXPECT_EQ(peer.link.overrun.value(), 0U);
    EXPECT_TRUE(peer.heard(Kind::walked).empty());
    world.run();
    EXPECT_EQ(peer.heard(Kind::walked).size(), 1U) << "there is room again";
}

TEST_F(MirrorTest, WhatFindsTheChannelFullIsSaidByAWalk) {
    while (peer.link.events.push(SyncEvent{.kind = Kind::mark})) {
    }
    Connection(world).open();
    EXPECT_EQ(peer.link.overrun.value(), 1U);
    EXPECT_TRUE(peer.heard(Kind::flow).empty());
    world.run();
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U) << "nobody has ordered it, so its end is not said";
    EXPECT_EQ(heard[0].kind, Kind::flow);
}

TEST_F(MirrorTest, ASweepTakesWhatTheBulkHasNotNamed) {
    world.set_master(false);
    peer.install(record_of(foreign(world, 4000)), 0);
    peer.install(record_of(foreign(world, 4001)), 1);
    peer.install(record_of(foreign(world, 4002)), 0);
    peer.install(record_of(foreign(world, 4002)), 1);
    peer.order({.kind = SyncCommand::Kind::sweep, .colour = 1, .router = 0, .number = 7});
    peer.order({.kind = SyncCommand::Kind::mark, .number = 8});
    world.run();
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 2U);
    EXPECT_EQ(heard[0].kind, Kind::swept);
    EXPECT_EQ(heard[0].number, 7U);
    EXPECT_EQ(heard[1].kind, Kind::mark) << "behind the sweep";
    EXPECT_EQ(peer.link.sums[0].count, 2U);
}

TEST_F(MirrorTest, ASweepIsAnsweredThoughTheNextOneIsThere) {
    world.set_master(false);
    peer.install(record_of(foreign(world, 4000)), 0);
    for (const std::uint16_t router : {0, 1})
        peer.order({.kind = SyncCommand::Kind::sweep,
                    .colour = 1,
                    .router = router,
                    .number = router + 7U});
    world.run();
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 2U);
    EXPECT_EQ(heard[0].number, 7U);
    EXPECT_EQ(heard[1].number, 8U);
}

TEST_F(MirrorTest, AMastersSweepSparesWhatItHasServed) {
    Connection own(world, 4005);
    own.open();
    Connection c = foreign(world, 4000);
    peer.install(record_of(c), 0);
    peer.install(record_of(foreign(world, 4001)), 0);
    c.from_client("A");
    peer.sweep(1);
    EXPECT_EQ(peer.sum().count, 2U);
    peer.sweep(1, 3);
    EXPECT_EQ(peer.sum().count, 2U) << "another router's";
}

// Its flows are as good as the peer's word from then on, and a later master must not insist.
TEST_F(MirrorTest, WhoeverLosesARouterKnowsNothingForSureOfItsFlows) {
    Connection c(world);
    c.open();
    world.set_master(false);
    world.run();
    world.set_master(true);
    world.run();
    flow::Flow record = record_of(c);
    record.state = TcpState::fin_client;
    peer.install(record);
    EXPECT_EQ(peer.link.kept_own.value(), 0U);
    peer.heard();
    peer.sweep(1);
    EXPECT_EQ(peer.sum().count, 0U);
}

TEST(Mirror, NothingIsThereWithoutFlowSync) {
    World world;
    EXPECT_EQ(world.exchange.workers[0]->sync, nullptr);
    Connection(world).open();
}

}  // namespace
}  // namespace warren::datapath
