// SPDX-License-Identifier: BSD-3-Clause
// A SYN that its server refuses, ignores, or takes for an old connection's: the client must not
// notice while another server takes it, and must be told when none does.
#include <unistd.h>

#include "connection.h"
#include "net/tcp_options.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using exchange::FlowEventKind;
using exchange::ServerState;
using packets::PacketBuilder;
using C = exchange::WorkerCounters;

// A SYN and whom it went to, or any segment towards a server.
struct Attempt {
    explicit Attempt(const packets::Frame& sent)
        : frame(sent), parsed(net::parse(sent)), line(packets::describe(sent)) {}

    std::string server() const { return parsed.destination.to_string(); }
    bool is_syn() const { return parsed.tcp_flags == net::tcp_flag::syn; }

    packets::Frame frame;
    net::Parsed parsed;
    std::string line;
};

// What that server answers.
PacketBuilder reply_to(const Attempt& syn, std::string_view flags, std::uint32_t seq,
                       std::uint32_t ack) {
    return PacketBuilder()
        .ethernet(net::load<net::EthernetHeader>(syn.frame, 0).destination.to_string(), vip_mac)
        .ip(syn.server(), vip)
        .tcp(5672, syn.parsed.source_port.host(), flags)
        .seq(seq)
        .ack(ack);
}

PacketBuilder refusal(const Attempt& syn) {
    return reply_to(syn, "RA", 0, syn.parsed.sequence + 1);
}

class Replay : public testing::Test {
  protected:
    explicit Replay(unsigned servers = 3) : world({.servers = servers}) {}

    Attempt only(const std::vector<packets::Frame>& frames) {
        EXPECT_EQ(frames.size(), 1U);
        return Attempt(frames.empty() ? packets::Frame(60) : frames[0]);
    }
    Attempt syn() {
        return only(world.send_raw(
            Connection(world).client_segment("S").mss(1400).option({3, 3, 7}).option({4, 2})));
    }
    // What comes out when nothing comes in for that long.
    std::vector<packets::Frame> wait(std::uint64_t ns) {
        std::vector<packets::Frame> all;
        for (std::uint64_t waited = 0; waited < ns; waited += 50 * ms) {
            world.advance(50 * ms);
            for (const packets::Frame& frame : world.run_raw())
                all.push_back(frame);
        }
        return all;
    }

    World world;
};

class ReplayWithOneServer : public Replay {
  protected:
    ReplayWithOneServer() : Replay(1) {}
};

TEST_F(Replay, ARefusedSynGoesToAnotherServerAndTheClientHearsNothing) {
    const Attempt first = syn();
    const Attempt second = only(world.send_raw(refusal(first)));
    EXPECT_TRUE(second.is_syn());
    EXPECT_EQ(first.server(), "192.168.8.11");
    EXPECT_EQ(second.server(), "192.168.8.12");
    EXPECT_EQ(world.counted(&C::syns_replayed), 1U);
    EXPECT_EQ(world.dropped(Drop::refused_elsewhere), 1U);
    EXPECT_EQ(world.exchange.workers[0]->servers[0].refused.value(), 1U);
    EXPECT_EQ(world.exchange.workers[0]->servers[0].active.value(), 0U);
    EXPECT_EQ(world.exchange.workers[0]->servers[1].active.value(), 1U);
}

// The balancer's own host beside servers elsewhere: its answers do not come by.
TEST_F(Replay, ARefusedSynGoesAsItWasToAServerThatAnswersTheClientItself) {
    world.change([](exchange::Snapshot& s) { s.servers[1].method = flow::Method::dr; });
    const Attempt first = syn();
    const Attempt second = only(world.send_raw(refusal(first)));
    EXPECT_TRUE(second.is_syn());
    EXPECT_EQ(second.server(), vip);
    EXPECT_EQ(second.parsed.sequence, Connection(world).client_seq);
    EXPECT_NE(second.line.find(" > 02:00:00:00:00:0c"), std::string::npos);
    EXPECT_EQ(world.counted(&C::syns_replayed), 1U);
    EXPECT_EQ(world.exchange.workers[0]->servers[0].active.value(), 0U);
    EXPECT_EQ(world.exchange.workers[0]->servers[1].active.value(), 1U);

    Connection opened(world);
    opened.client_seq = 1001;
    opened.server_seq = 70'001;
    const Attempt ack = only(world.send_raw(opened.client_segment("A")));
    EXPECT_EQ(ack.server(), vip);
    EXPECT_NE(ack.line.find(std::string(" > ") + second_server_mac), std::string::npos);
    EXPECT_NE(only(world.send_raw(reply_to(first, "SA", 70'000, first.parsed.sequence + 1)))
                  .line.find("[R]"),
              std::string::npos)
        << "the first one's late answer is nobody's";
}

// RFC 7323 2.2, RFC 2018 2: what one end offered the other agrees on; it must be the same offer.
TEST_F(Replay, TheClientsOfferIsMadeAgain) {
    const Attempt second = only(world.send_raw(refusal(syn())));
    const net::TcpOptions options = net::read_tcp_options(
        net::ConstBytes(second.frame)
            .subspan(second.parsed.l4_offset + 20U,
                     second.parsed.payload_offset - second.parsed.l4_offset - 20U));
    EXPECT_EQ(options.mss, 1400);
    EXPECT_EQ(options.window_scale, 7);
    EXPECT_TRUE(options.sack_permitted);
    EXPECT_TRUE(net::is_l4_checksum_valid(second.frame, second.parsed));
}

TEST_F(Replay, TheConnectionGoesOnWithTheServerThatTookIt) {
    const Attempt second = only(world.send_raw(refusal(syn())));
    const std::uint32_t isn = second.parsed.sequence;
    const Attempt answer = only(world.send_raw(reply_to(second, "SA", 9000, isn + 1)));
    EXPECT_EQ(answer.server(), client);
    EXPECT_EQ(answer.parsed.acknowledgement, 1001U) << "the client's own number";
    const Attempt data = only(
        world.send_raw(Connection(world).client_segment("PA").seq(1001).ack(9001).payload("AMQP")));
    EXPECT_EQ(data.server(), "192.168.8.12");
    EXPECT_EQ(data.parsed.sequence, isn + 1);
    EXPECT_EQ(data.parsed.source_port.host(), second.parsed.source_port.host());
}

TEST_F(Replay, ASilentServerHasAFractionOfASecond) {
    const Attempt first = syn();
    EXPECT_TRUE(wait(100 * ms).empty());
    const Attempt second = only(wait(250 * ms));
    EXPECT_TRUE(second.is_syn());
    EXPECT_EQ(second.server(), "192.168.8.12");
    EXPECT_NE(second.parsed.sequence, first.parsed.sequence);
}

// RFC 9293 3.10.7.1: seq = SEG.ACK is what a half-open server believes.
TEST_F(Replay, TheAbandonedServersLateAnswerGetsReset) {
    const Attempt first = syn();
    wait(300 * ms);
    const Attempt reset =
        only(world.send_raw(reply_to(first, "SA", 5000, first.parsed.sequence + 1)));
    EXPECT_EQ(reset.server(), "192.168.8.11");
    EXPECT_EQ(reset.parsed.tcp_flags, net::tcp_flag::rst);
    EXPECT_EQ(reset.parsed.sequence, first.parsed.sequence + 1);
}

TEST_F(Replay, TheClientsOwnRetransmissionGoesToTheNewServer) {
    syn();
    const Attempt second = only(wait(300 * ms));
    const Attempt again = syn();
    EXPECT_EQ(again.server(), second.server());
    EXPECT_EQ(again.parsed.sequence, second.parsed.sequence);
    EXPECT_EQ(world.counted(&C::flows_admitted), 1U);
}

TEST_F(Replay, AllRefuseThenTheClientIsRefusedAtOnce) {
    Attempt last = syn();
    std::set<std::string> asked{last.server()};
    for (int i = 0; i < 2; ++i) {
        last = only(world.send_raw(refusal(last)));
        asked.insert(last.server());
    }
    EXPECT_EQ(asked.size(), 3U) << "never twice the same";
    const Attempt told = only(world.send_raw(refusal(last)));
    EXPECT_EQ(told.server(), client);
    EXPECT_EQ(told.parsed.tcp_flags, net::tcp_flag::rst | net::tcp_flag::ack);
    EXPECT_EQ(told.parsed.acknowledgement, 1001U);
}

TEST_F(Replay, AllAreSilentThenTheClientIsToldWithinSeconds) {
    syn();
    const auto sent = wait(5 * second);
    std::set<std::string> asked;
    std::size_t told = 0;
    for (const packets::Frame& frame : sent) {
        const Attempt a(frame);
        if (a.is_syn()) asked.insert(a.server());
        if (a.server() == client) {
            ++told;
            EXPECT_EQ(a.parsed.acknowledgement, 1001U);
            EXPECT_EQ(a.parsed.tcp_flags, net::tcp_flag::rst | net::tcp_flag::ack);
        }
    }
    EXPECT_EQ(asked, (std::set<std::string>{"192.168.8.12", "192.168.8.13"}));
    EXPECT_EQ(told, 1U);
}

// A server behind a long line is the last to be asked and still has its seconds.
TEST_F(Replay, ASlowServerIsTakenWhenNoOtherIsLeft) {
    syn();
    const auto sent = wait(700 * ms);
    ASSERT_EQ(sent.size(), 2U);
    const Attempt third(sent[1]);
    wait(1 * second);
    const Attempt answer =
        only(world.send_raw(reply_to(third, "SA", 9000, third.parsed.sequence + 1)));
    EXPECT_EQ(answer.server(), client);
    EXPECT_TRUE(wait(5 * second).empty());
}

TEST_F(Replay, ADeadServersHalfOpenFlowIsMovedAtOnce) {
    syn();
    world.change([](exchange::Snapshot& s) { s.servers[0].state = ServerState::down; });
    const Attempt second = only(world.run_raw());
    EXPECT_TRUE(second.is_syn());
    EXPECT_EQ(second.server(), "192.168.8.12");
}

TEST_F(ReplayWithOneServer, ARefusalIsTheClientsToHear) {
    const Attempt first = syn();
    EXPECT_EQ(only(world.send_raw(refusal(first))).server(), client);
}

TEST_F(ReplayWithOneServer, SilenceEndsInAReset) {
    syn();
    const auto sent = wait(4 * second);
    ASSERT_EQ(sent.size(), 2U) << "one to each end";
    EXPECT_EQ(Attempt(sent[0]).server(), client);
}

TEST_F(ReplayWithOneServer, AServerThatGoesDownMeansReset) {
    syn();
    world.change([](exchange::Snapshot& s) { s.servers[0].state = ServerState::down; });
    const auto sent = world.run_raw();
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(Attempt(sent[0]).server(), client);
}

// RFC 5961 4.2: a server with an old connection on these ports answers a SYN with an ACK of that.
// Its RST must say exactly what the ACK asked for, and the SYN follows behind it.
TEST_F(Replay, AnOldConnectionAtTheServerIsClearedAndTheSynSentAgain) {
    const Attempt first = syn();
    const auto sent = world.send_raw(reply_to(first, "A", 777'000, 888'000));
    ASSERT_EQ(sent.size(), 2U);
    const Attempt reset(sent[0]);
    EXPECT_EQ(reset.parsed.tcp_flags, net::tcp_flag::rst);
    EXPECT_EQ(reset.parsed.sequence, 888'000U);
    EXPECT_EQ(reset.server(), first.server());
    const Attempt again(sent[1]);
    EXPECT_TRUE(again.is_syn());
    EXPECT_EQ(again.parsed.sequence, first.parsed.sequence);
    EXPECT_EQ(again.server(), first.server());
    EXPECT_EQ(world.counted(&C::syns_after_clear), 1U);
}

// The client could make nothing of it.
TEST_F(Replay, AnOldConnectionsAckIsNobodysWhileItsServerHasNoNextHop) {
    const Attempt first = syn();
    world.change([](exchange::Snapshot& s) { s.servers[0].reachable = false; });
    EXPECT_TRUE(world.send_raw(reply_to(first, "A", 777'000, 888'000)).empty());
    EXPECT_EQ(world.dropped(Drop::no_neighbour), 1U);
}

// A server that says so for ever is not answered for ever.
TEST_F(Replay, ClearingIsBounded) {
    const Attempt first = syn();
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(world.send_raw(reply_to(first, "A", 777'000, 888'000)).size(), 2U);
    EXPECT_EQ(only(world.send_raw(reply_to(first, "A", 777'000, 888'000))).server(), client);
}

// A blind RST (RFC 5961 3.2) moves no flow, and neither does a damaged one.
TEST_F(Replay, OnlyAnExactAndSoundRefusalCounts) {
    const Attempt first = syn();
    world.send_raw(reply_to(first, "RA", 0, first.parsed.sequence + 2));
    world.send_raw(refusal(first).bad_l4_checksum());
    EXPECT_EQ(world.counted(&C::syns_replayed), 0U);
    EXPECT_EQ(world.dropped(Drop::bad_tcp_checksum), 1U);
}

TEST_F(Replay, ABackupReplaysNothing) {
    syn();
    world.set_master(false);
    EXPECT_TRUE(wait(4 * second).empty());
}

TEST_F(Replay, TheManagerLearnsWhoRefused) {
    world.send_raw(refusal(syn()));
    exchange::FlowEvent event;
    ASSERT_TRUE(world.exchange.workers[0]->events.pop(event));
    EXPECT_EQ(event.kind, FlowEventKind::refused);
    EXPECT_EQ(event.server, 0U);
    EXPECT_TRUE(event.replayed);
}

TEST_F(Replay, ARefusalWakesTheManager) {
    const auto rings = [&] {
        std::uint64_t count = 0;
        return read(world.exchange.bell.descriptor(), &count, sizeof(count)) == sizeof(count);
    };
    world.send_raw(refusal(syn()));
    EXPECT_FALSE(rings()) << "it is awake";
    world.exchange.bell.fall_asleep();
    const Attempt next = syn();
    EXPECT_FALSE(rings()) << "a SYN is no news";
    world.send_raw(refusal(next));
    EXPECT_TRUE(rings());
}

TEST(TurnedAway, TheManagerLearnsWhom) {
    World world;
    world.change([](exchange::Snapshot& s) {
        for (auto& server : s.servers)
            server.state = ServerState::drain;
    });
    world.send(Connection(world).client_segment("S").build());
    exchange::FlowEvent event;
    ASSERT_TRUE(world.exchange.workers[0]->events.pop(event));
    EXPECT_EQ(event.kind, FlowEventKind::turned_away);
    EXPECT_EQ(event.cause, exchange::EndCause::no_server);
    EXPECT_EQ(event.client.to_string(), client);
    const exchange::ServiceCounters& counted = world.exchange.workers[0]->services[0];
    EXPECT_EQ(counted.no_server.value(), 1U);
    EXPECT_EQ(counted.no_port.value() + counted.table_full.value(), 0U);
}

}  // namespace
}  // namespace warren::datapath
