// SPDX-License-Identifier: BSD-3-Clause
// The end of a flow that has long been idle: both ends are asked first (RFC 9293 3.8.4), and a
// segment that belongs to no flow.
#include "connection.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using exchange::EndCause;
using exchange::FlowEventKind;
using Frames = std::vector<packets::Frame>;
using C = exchange::WorkerCounters;

class Idle : public testing::Test {
  protected:
    Idle() : c(world) {
        world.change(
            [](exchange::Snapshot& s) { s.services[0].established_timeout_ns = 30 * second; });
        c.open();
        c.from_client("PA", "hello");
        c.client_seq += 5;
        c.from_server("A");
    }
    Frames wait(std::uint64_t ns) {
        Frames all;
        for (std::uint64_t waited = 0; waited < ns; waited += 100 * ms) {
            world.advance(100 * ms);
            for (const packets::Frame& frame : world.run_raw())
                all.push_back(frame);
        }
        return all;
    }
    // The probes that are sent when the flow has idled long enough.
    Frames probes() {
        Frames frames = wait(31 * second);
        EXPECT_EQ(frames.size(), 2U);
        frames.resize(2, packets::Frame(60));
        return frames;
    }
    std::uint64_t active() const { return world.exchange.workers[0]->servers[0].active.value(); }

    World world;
    Connection c;
};

// RFC 9293 3.10.7.4: a segment that is not acceptable, as one before RCV.NXT, is answered with ACK.
TEST_F(Idle, BothEndsAreAskedInTheNameOfTheOther) {
    const Frames sent = probes();
    const net::Parsed to_client = net::parse(sent[0]);
    EXPECT_EQ(to_client.source.to_string(), vip);
    EXPECT_EQ(to_client.destination.to_string(), client);
    EXPECT_EQ(to_client.sequence, c.server_seq - 1);
    EXPECT_EQ(to_client.acknowledgement, c.client_seq);
    EXPECT_EQ(to_client.tcp_flags, net::tcp_flag::ack);
    EXPECT_EQ(to_client.segment_length(), 0U);
    const net::Parsed to_server = net::parse(sent[1]);
    EXPECT_EQ(to_server.destination.to_string(), "192.168.8.11");
    EXPECT_EQ(to_server.source_port.host(), c.local_port);
    EXPECT_EQ(to_server.sequence, c.client_seq + c.delta - 1);
    EXPECT_EQ(to_server.acknowledgement, c.server_seq);
    EXPECT_EQ(world.counted(&C::probes_sent), 2U);
}

TEST_F(Idle, AFlowWhoseEndsAnswerGoesOn) {
    for (int round = 0; round < 3; ++round) {
        probes();
        c.from_client("A");
        c.from_server("A");
        EXPECT_TRUE(wait(28 * second).empty()) << "asked again only after the whole time";
        c.from_client("PA", "x");
        ++c.client_seq;
        c.from_server("A");
    }
    EXPECT_EQ(active(), 1U);
}

TEST_F(Idle, NoAnswerEndsInExactResets) {
    probes();
    const Frames sent = wait(20 * second);
    ASSERT_EQ(sent.size(), 6U) << "two more rounds of probes, then a RST to each end";
    const net::Parsed to_client = net::parse(sent[4]);
    EXPECT_EQ(to_client.sequence, c.server_seq);
    EXPECT_EQ(to_client.tcp_flags, net::tcp_flag::rst | net::tcp_flag::ack);
    const net::Parsed to_server = net::parse(sent[5]);
    EXPECT_EQ(to_server.sequence, c.client_seq + c.delta);
    EXPECT_EQ(active(), 0U);
    exchange::FlowEvent event;
    while (world.exchange.workers[0]->events.pop(event)) {
    }
    EXPECT_EQ(event.kind, FlowEventKind::ended);
    EXPECT_EQ(event.cause, EndCause::idle);
}

// A server that is alone in knowing the connection: keeping it would leave it hanging there.
TEST_F(Idle, OneEndAloneDoesNotKeepTheFlow) {
    probes();
    c.from_server("A");
    const Frames sent = wait(20 * second);
    ASSERT_EQ(sent.size(), 4U);
    for (std::size_t i = 0; i < 2; ++i)
        EXPECT_EQ(net::parse(sent[i]).destination.to_string(), client) << "only who is silent";
    EXPECT_EQ(active(), 0U);
}

// RFC 9293 3.10.7.1: a host that has rebooted says RST at the probe's ACK, which is what the other
// end believes.
TEST_F(Idle, AnEndThatHasForgottenTheConnectionEndsIt) {
    const net::Parsed probe = net::parse(probes()[0]);
    const Seen reset = c.from_client("R");
    EXPECT_EQ(probe.acknowledgement, c.client_seq);
    EXPECT_EQ(reset.parsed.sequence, c.client_seq + c.delta);
    EXPECT_EQ(active(), 0U);
}

TEST_F(Idle, ABackupAsksNobody) {
    world.set_master(false);
    EXPECT_TRUE(wait(60 * second).empty());
}

TEST(UnknownFlow, MayBeDroppedInSilenceButASynIsAnswered) {
    World world;
    world.change([](exchange::Snapshot& s) { s.reset_unknown_flows = false; });
    Connection c(world);
    EXPECT_TRUE(world.send(c.client_segment("A").seq(55).ack(99).build()).empty());
    EXPECT_EQ(world.dropped(Drop::no_flow), 1U);
    EXPECT_EQ(world.send(c.client_segment("S").tcp(4000, 81, "S").build()).size(), 1U);
}

}  // namespace
}  // namespace warren::datapath
