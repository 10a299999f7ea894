// SPDX-License-Identifier: BSD-3-Clause
// A virtual router that is being handed over (use_vmac): from the offer on nothing turns the
// switches back to us, and connections that are just being opened are told to the peer too.
#include "peer.h"

namespace warren::datapath {
namespace {

using Kind = SyncEvent::Kind;
using exchange::Drop;
using flow::TcpState;

class HandoverTest : public testing::Test {
  protected:
    HandoverTest() {
        world.change([](exchange::Snapshot& s) {
            s.virtual_routers[0].mac = packets::mac(virtual_mac);
            s.addresses[0].mac = packets::mac(virtual_mac);
            for (exchange::Server& server : s.servers)
                server.link_source = packets::mac(virtual_mac);
        });
    }
    void offer() {
        world.exchange.ownership.offer(0, true);
        world.run();
    }
    void withdraw() {
        world.exchange.ownership.offer(0, false);
        world.run();
    }
    // The peer is master now.
    void yield() {
        world.exchange.ownership.begin_grace(0, world.now_ns + 50 * ms);
        world.set_master(false);
        world.exchange.ownership.offer(0, false);
        world.run();
    }
    Connection opened(std::uint16_t client_port = 4000) {
        Connection c(world, client_port);
        c.open();
        return c;
    }
    // The server has answered, the client not yet.
    Connection answered(std::uint16_t client_port = 4000) {
        Connection c(world, client_port);
        c.from_client("S");
        ++c.client_seq;
        c.server_seq = 70'000;
        world.send(c.server_segment("SA").build());
        ++c.server_seq;
        return c;
    }
    static std::string source_of(const packets::Frame& frame) {
        return net::load<net::EthernetHeader>(frame, 0).source.to_string();
    }

    World world{{.flow_sync = true}};
    Peer peer{world};
};

TEST_F(HandoverTest, WhatLeavesHasThePortsOwnMacAsLongAsTheOfferStands) {
    Connection c = opened();
    EXPECT_EQ(source_of(c.from_client("PA", "x").frame), virtual_mac);
    offer();
    EXPECT_EQ(source_of(c.from_client("PA", "x").frame), vip_mac);
    EXPECT_EQ(source_of(c.from_server("PA", "y").frame), vip_mac);
    EXPECT_EQ(source_of(Connection(world, 4001).from_client("S").frame), vip_mac)
        << "new connections are still ours";
    withdraw();
    EXPECT_EQ(source_of(c.from_client("PA", "x").frame), virtual_mac);
}

TEST_F(HandoverTest, AnAnswerToArpSaysTheVirtualMacAndComesFromThePorts) {
    offer();
    const auto sent = world.send_raw(packets::PacketBuilder()
                                         .ethernet(client_mac, "ff:ff:ff:ff:ff:ff")
                                         .arp_request(client, vip)
                                         .build());
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(source_of(sent[0]), vip_mac);
    EXPECT_EQ(net::load<net::ArpPacket>(sent[0], sizeof(net::EthernetHeader)).sender_mac,
              packets::mac(virtual_mac));
}

TEST_F(HandoverTest, AnotherRoutersOfferIsNotOurs) {
    Connection c = opened();
    world.exchange.ownership.offer(7, true);
    EXPECT_EQ(source_of(c.from_client("PA", "x").frame), virtual_mac);
    EXPECT_EQ(source_of(Connection(world, 4001).from_client("S").frame), virtual_mac);
}

// The client's ACK may go to the peer, whom nobody would have told of the flow.
TEST_F(HandoverTest, HandshakesAreToldBeforeTheMarkThatThePeerIsAskedBehind) {
    const Connection c = answered();
    Connection(world, 4001).from_client("S");
    EXPECT_TRUE(peer.heard().empty());
    world.exchange.ownership.offer(0, true);
    peer.order({.kind = SyncCommand::Kind::mark, .number = 5});
    world.run();
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 2U) << "not the one that its server has not answered";
    EXPECT_EQ(heard[0].flow.client_port.host(), c.client_port);
    EXPECT_EQ(heard[0].flow.state, TcpState::syn_received);
    EXPECT_EQ(heard[1].kind, Kind::mark);
    world.run();
    EXPECT_TRUE(peer.heard().empty()) << "once an offer";
    withdraw();
    offer();
    EXPECT_EQ(peer.heard().size(), 1U);
}

// A mark may come in a round that began before the offer: it waits for one that knows of it.
TEST_F(HandoverTest, AMarkIsAnsweredInTheNextRound) {
    peer.order({.kind = SyncCommand::Kind::mark, .number = 5});
    world.workers[0]->poll_once(world.now_ns);
    EXPECT_TRUE(peer.heard().empty());
    world.workers[0]->poll_once(world.now_ns);
    EXPECT_EQ(peer.heard(Kind::mark).size(), 1U);
}

TEST_F(HandoverTest, AnswersToSynsWaitForThePeerAsUnderDefer) {
    offer();
    Connection c(world);
    c.from_client("S");
    ++c.client_seq;
    c.server_seq = 70'000;
    EXPECT_TRUE(world.send(c.server_segment("SA").build()).empty());
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_TRUE(heard[0].urgent);
    peer.link.acknowledged = heard[0].number;
    const auto sent = world.run_raw();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(source_of(sent[0]), vip_mac);
    withdraw();
    EXPECT_EQ(answered(4001).client_seq, 1001U);
    EXPECT_TRUE(peer.heard().empty());
}

TEST_F(HandoverTest, AHandshakeGoesOnInTheGracePeriodAndIsTold) {
    Connection c = answered();
    offer();
    yield();
    peer.heard();
    EXPECT_EQ(source_of(c.from_client("A").frame), vip_mac);
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].flow.state, TcpState::established);
    world.advance(51 * ms);
    EXPECT_EQ(world.send(c.client_segment("PA").build()), silence);
}

// A master that has come back, of a higher priority.
TEST_F(HandoverTest, HandshakesAreToldToOneWhoPreemptsToo) {
    const Connection c = answered();
    yield();
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].flow.client_port.host(), c.client_port);
    EXPECT_EQ(heard[0].flow.state, TcpState::syn_received);
}

TEST_F(HandoverTest, AServersAnswerInTheGracePeriodIsToldBeforeItsClientHasIt) {
    Connection c(world);
    c.from_client("S");
    ++c.client_seq;
    c.server_seq = 70'000;
    offer();
    yield();
    EXPECT_TRUE(world.send(c.server_segment("SA").build()).empty());
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].flow.state, TcpState::syn_received);
    peer.link.acknowledged = heard[0].number;
    EXPECT_EQ(source_of(world.run_raw().at(0)), vip_mac);
}

// What has not been acknowledged before the end is said again after it.
TEST_F(HandoverTest, AFlowThatWasLostOnTheWayIsSaidAgainAfterwards) {
    opened();
    const auto first = peer.heard();
    ASSERT_EQ(first.size(), 1U);
    offer();
    yield();
    const SyncCommand again{.kind = SyncCommand::Kind::again, .number = 3, .flow = first[0].flow};
    peer.order(again);
    world.run();
    EXPECT_EQ(peer.heard(Kind::flow).size(), 1U);
    world.advance(5 * second);
    peer.order(again);
    world.run();
    EXPECT_TRUE(peer.heard().empty());
}

// An end would be said of it else, and its client has the server's answer.
TEST_F(HandoverTest, AHandshakeThatWasLostOnTheWayIsSaidAgainToo) {
    answered();
    offer();
    const auto first = peer.heard();
    ASSERT_EQ(first.size(), 1U);
    peer.order({.kind = SyncCommand::Kind::again, .number = 3, .flow = first[0].flow});
    world.run();
    const auto second = peer.heard();
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].kind, Kind::flow);
    EXPECT_EQ(second[0].flow.state, TcpState::syn_received);
}

TEST_F(HandoverTest, WhatThePeerSaysInTheGracePeriodIsNotSaidBackToIt) {
    offer();
    yield();
    const Connection c = foreign(world);
    peer.install(record_of(c));
    peer.end(record_of(c));
    EXPECT_TRUE(peer.heard().empty());
}

// The router is lost to a fault of ours, and the link to the peer lives.
class FaultTest : public HandoverTest {
  protected:
    void fault() {
        world.set_master(false);
        world.run();
    }
};

TEST_F(FaultTest, ABulkThatIsUnderWayGoesOn) {
    for (std::uint16_t port = 4000; port < 4200; ++port)
        opened(port);
    peer.heard();
    peer.order({.kind = SyncCommand::Kind::walk, .number = 3});
    world.workers[0]->poll_once(world.now_ns);
    const std::size_t before = peer.heard(Kind::flow).size();
    EXPECT_LT(before, 100U);
    fault();
    const auto rest = peer.heard();
    EXPECT_EQ(before + rest.size() - 1, 200U);
    EXPECT_EQ(rest.back().kind, Kind::walked);
}

TEST_F(FaultTest, WhatWasLostOnTheWayIsSaidAgain) {
    opened();
    const auto first = peer.heard();
    ASSERT_EQ(first.size(), 1U);
    fault();
    world.advance(second);
    peer.order({.kind = SyncCommand::Kind::again, .number = 3, .flow = first[0].flow});
    world.run();
    EXPECT_EQ(peer.heard(Kind::flow).size(), 1U);
}

TEST_F(FaultTest, HandshakesAreTold) {
    const Connection c = answered();
    fault();
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].flow.client_port.host(), c.client_port);
    EXPECT_EQ(heard[0].flow.state, TcpState::syn_received);
}

// DR and TUN: the server's answer does not come by, so the SYN is all there is of a handshake.
class OneWayTest : public HandoverTest {
  protected:
    OneWayTest() {
        world.change([](exchange::Snapshot& s) {
            for (exchange::Server& server : s.servers)
                server.method = flow::Method::dr;
        });
    }
    // A backup with the same servers, which has been told that.
    struct Heir {
        explicit Heir(const SyncEvent& told) {
            world.change([](exchange::Snapshot& s) {
                for (exchange::Server& server : s.servers)
                    server.method = flow::Method::dr;
            });
            world.set_master(false);
            copy.install(told.flow);
        }
        World world{{.flow_sync = true}};
        Peer copy{world};
    };
};

TEST_F(OneWayTest, HandshakesAreToldAndOpenAtThePeer) {
    Connection c(world);
    EXPECT_EQ(world.send(c.client_segment("S").build()).size(), 1U);
    EXPECT_TRUE(peer.heard().empty());
    offer();
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].flow.state, TcpState::syn_received);
    EXPECT_EQ(heard[0].flow.next_to_client, 0U);

    Heir heir(heard[0]);
    heir.copy.install(heard[0].flow);  // said again
    heir.world.set_master(true);
    ++c.client_seq;
    c.server_seq = 0xf000'0000;  // whatever it is, nobody here has seen it
    EXPECT_EQ(heir.world.send(c.client_segment("A").build()).size(), 1U);
    const auto news = heir.copy.heard();
    ASSERT_EQ(news.size(), 1U);
    EXPECT_EQ(news[0].flow.state, TcpState::established);
    EXPECT_EQ(news[0].flow.ack_from_client, 0xf000'0000U);
}

TEST_F(OneWayTest, ASynThatWasLostBehindUsIsSentAgainByThePeer) {
    Connection c(world);
    world.send(c.client_segment("S").build());
    offer();
    Heir heir(peer.heard().at(0));
    heir.world.set_master(true);
    const auto sent = heir.world.send_raw(c.client_segment("S").build());
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(net::load<net::EthernetHeader>(sent[0], 0).destination.to_string(),
              net::load<net::EthernetHeader>(world.send_raw(c.client_segment("S").build()).at(0), 0)
                  .destination.to_string())
        << "to the same server";
}

TEST_F(OneWayTest, ABackupForgetsAHandshakeInSilence) {
    Connection c(world);
    world.send(c.client_segment("S").build());
    offer();
    Heir heir(peer.heard().at(0));
    const auto& flows = heir.world.exchange.workers[0]->servers[0].active;
    EXPECT_EQ(flows.value(), 1U);
    for (int s = 0; s < 40; ++s) {
        heir.world.advance(second);
        EXPECT_EQ(heir.world.run(), silence);
    }
    EXPECT_EQ(flows.value(), 0U);
}

TEST_F(OneWayTest, ASynWaitsForThePeerAsUnderDefer) {
    offer();
    Connection c(world);
    EXPECT_EQ(world.send(c.client_segment("S").build()), silence);
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_TRUE(heard[0].urgent);
    peer.link.acknowledged = heard[0].number;
    EXPECT_EQ(source_of(world.run_raw().at(0)), vip_mac);
}

}  // namespace
}  // namespace warren::datapath
