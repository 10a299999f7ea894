// SPDX-License-Identifier: BSD-3-Clause
// flow_sync { defer }: a server's SYN-ACK waits for the peer, in order and not for long.
#include "peer.h"

namespace warren::datapath {
namespace {

class DeferralTest : public testing::Test {
  protected:
    DeferralTest() { world.exchange.sync.defers = true; }

    // The server answers the SYN of that client port. What comes out.
    Lines answer(std::uint16_t client_port) {
        Connection c(world, client_port);
        c.from_client("S");
        ++c.client_seq;
        c.server_seq = 70'000;
        return world.send(c.server_segment("SA").build());
    }
    Lines acknowledge(std::uint32_t number) {
        peer.link.acknowledged = number;
        return world.run();
    }

    World world{{.flow_sync = true}};
    Peer peer{world};
};

TEST_F(DeferralTest, TheAnswerWaitsForThePeersWord) {
    EXPECT_EQ(answer(4000), silence);
    const auto heard = peer.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_TRUE(heard[0].urgent);
    EXPECT_EQ(heard[0].number, 1U);
    EXPECT_EQ(heard[0].flow.state, flow::TcpState::syn_received);
    EXPECT_EQ(heard[0].flow.ack_from_client, 70'001U);
    const Lines sent = acknowledge(1);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(sent[0].find("> 4000 [SA] seq 70000 "), std::string::npos) << sent[0];
    EXPECT_EQ(peer.link.held.value(), 1U);
    EXPECT_EQ(peer.link.held_too_long.value(), 0U);
}

TEST_F(DeferralTest, TheOthersWaitForTheirOwn) {
    for (std::uint16_t port = 4000; port < 4003; ++port)
        EXPECT_EQ(answer(port), silence);
    EXPECT_EQ(acknowledge(2).size(), 2U);
    EXPECT_EQ(acknowledge(2), silence);
    EXPECT_EQ(acknowledge(3).size(), 1U);
}

TEST_F(DeferralTest, TenMillisecondsAreEnough) {
    EXPECT_EQ(answer(4000), silence);
    world.advance(9 * ms);
    EXPECT_EQ(world.run(), silence);
    world.advance(1 * ms);
    EXPECT_EQ(world.run().size(), 1U);
    EXPECT_EQ(peer.link.held_too_long.value(), 1U);
}

TEST_F(DeferralTest, AfterSixteenInVainNoneWaitsUntilThePeerAnswers) {
    for (std::uint16_t port = 4000; port < 4016; ++port) {
        EXPECT_EQ(answer(port), silence);
        world.advance(10 * ms);
        EXPECT_EQ(world.run().size(), 1U);
    }
    EXPECT_EQ(answer(4016).size(), 1U);
    EXPECT_EQ(peer.heard().size(), 17U) << "it is told all the same";
    acknowledge(17);
    EXPECT_EQ(answer(4017), silence);
    EXPECT_EQ(acknowledge(18).size(), 1U);
}

TEST_F(DeferralTest, NoMoreThanSoManyWait) {
    for (std::uint16_t port = 4000; port < 4000 + worker_sync::Deferral::held_max; ++port)
        ASSERT_EQ(answer(port), silence);
    EXPECT_EQ(answer(9'000).size(), 1U);
    EXPECT_EQ(acknowledge(257).size(), 256U);
}

TEST_F(DeferralTest, NoneWaitsWhereNobodyHearsIt) {
    world.exchange.sync.defers = false;
    EXPECT_EQ(answer(4000).size(), 1U);
    world.exchange.sync.defers = true;
    world.change([](exchange::Snapshot& s) { s.services[0].synced = false; });
    EXPECT_EQ(answer(4001).size(), 1U);
    world.change([](exchange::Snapshot& s) { s.services[0].synced = true; });
    while (peer.link.events.push(SyncEvent{})) {
    }
    EXPECT_EQ(answer(4002).size(), 1U) << "the channel is full";
}

// The backup has the handshake, and its client's ACK after a takeover opens the connection.
TEST_F(DeferralTest, TheRecordOfAHandshakeOpensAtThePeer) {
    Connection c(world, 4000);
    c.from_client("S");
    ++c.client_seq;
    c.server_seq = 70'000;
    world.send(c.server_segment("SA").build());
    ++c.server_seq;
    World other({.flow_sync = true});
    other.set_master(false);
    Peer copy(other);
    copy.install(peer.heard().at(0).flow);
    other.set_master(true);
    EXPECT_EQ(other.send(c.client_segment("A").build()).size(), 1U);
    const auto heard = copy.heard();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].flow.state, flow::TcpState::established);
}

}  // namespace
}  // namespace warren::datapath
