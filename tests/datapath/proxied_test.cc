// SPDX-License-Identifier: BSD-3-Clause
// Servers that want a PROXY header: they get it before the client's first byte, whatever is lost,
// and the client sees nothing of it.
#include "connection.h"
#include "net/proxy_header.h"
#include "net/tcp_options.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using C = exchange::WorkerCounters;

constexpr std::uint32_t header_bytes = 28;  // version 2, IPv4
constexpr std::uint32_t server_isn = 70'000;

class Proxied : public testing::Test {
  protected:
    Proxied() {
        world.change([](exchange::Snapshot& s) {
            for (exchange::Server& server : s.servers)
                server.proxy = net::ProxyVersion::v2;
        });
        isn = line.from_client("S").parsed.sequence;
        ++line.client_seq;
        line.server_seq = server_isn;
        line.from_server("SA");
        ++line.server_seq;
    }

    std::vector<packets::Frame> client_says(std::string_view flags, std::string_view text = {},
                                            std::uint32_t behind = 0) {
        return world.send_raw(
            line.client_segment(flags).seq(line.client_seq + behind).payload(text));
    }
    // What the server acknowledges, from its ISN on.
    net::Parsed server_acknowledges(std::uint32_t bytes) {
        const auto frames =
            world.send_raw(line.server_segment("A").ack(isn + 1 + bytes).payload(""));
        EXPECT_EQ(frames.size(), 1U);
        EXPECT_TRUE(net::is_l4_checksum_valid(frames.at(0), net::parse(frames.at(0))));
        return net::parse(frames.at(0));
    }
    // Offset from the server's view of the client's ISN + 1.
    std::uint32_t offset(const packets::Frame& frame) const {
        return net::parse(frame).sequence - isn - 1;
    }
    static std::string payload(const packets::Frame& frame) {
        const net::Parsed p = net::parse(frame);
        EXPECT_TRUE(net::is_l4_checksum_valid(frame, p));
        return {frame.begin() + p.payload_offset,
                frame.begin() + p.payload_offset + p.payload_bytes};
    }
    void expect_header(const packets::Frame& frame) const {
        const auto header = net::proxy_header(
            net::ProxyVersion::v2, {packets::address(client), 4000}, {packets::address(vip), 5672});
        EXPECT_EQ(payload(frame), std::string(header.bytes().begin(), header.bytes().end()));
        EXPECT_EQ(offset(frame), 0U);
        EXPECT_EQ(net::parse(frame).acknowledgement, server_isn + 1);
    }

    World world{WorldOptions{.servers = 1}};
    Connection line{world};
    std::uint32_t isn = 0;  // the client's, as the server sees it
};

TEST_F(Proxied, TheHeaderTakesTheBareAcksPlace) {
    const auto frames = client_says("A");
    ASSERT_EQ(frames.size(), 1U);
    expect_header(frames[0]);
    EXPECT_EQ(world.counted(&C::proxy_headers), 1U);
}

TEST_F(Proxied, WhatTheClientSaysComesBehindIt) {
    client_says("A");
    const auto frames = client_says("PA", "AMQP");
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(payload(frames[0]), "AMQP");
    EXPECT_EQ(offset(frames[0]), header_bytes);
}

TEST_F(Proxied, WithoutTheBareAckItGoesBeforeTheData) {
    const auto frames = client_says("PA", "AMQP");
    ASSERT_EQ(frames.size(), 2U);
    expect_header(frames[0]);
    EXPECT_EQ(payload(frames[1]), "AMQP");
    EXPECT_EQ(offset(frames[1]), header_bytes);
}

// Without its option the server takes no data from a SYN.
TEST_F(Proxied, DataInASynTakesNoHeadersPlace) {
    Connection early(world, 4001);
    const auto syn = world.send_raw(early.client_segment("S").payload("AMQP"));
    ASSERT_EQ(syn.size(), 1U);
    const net::Parsed p = net::parse(syn[0]);
    world.send(packets::PacketBuilder()
                   .ethernet("02:00:00:00:00:0b", vip_mac)
                   .ip(p.destination.to_string(), vip)
                   .tcp(5672, p.source_port.host(), "SA")
                   .seq(server_isn)
                   .ack(p.sequence + 1));
    const auto sent = world.send_raw(early.client_segment("A").seq(1001).ack(server_isn + 1));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(payload(sent[0]).size(), header_bytes);
    EXPECT_EQ(net::parse(sent[0]).sequence, p.sequence + 1);
}

// Before it has heard the client's answer.
TEST_F(Proxied, AServerThatEndsAtOnceIsToldAllTheSame) {
    world.send(line.server_segment("FA").ack(isn + 1));
    const auto frames = client_says("PA", "AMQP");
    ASSERT_EQ(frames.size(), 2U);
    expect_header(frames[0]);
    EXPECT_EQ(offset(frames[1]), header_bytes);
}

TEST_F(Proxied, TheClientIsToldOfItsOwnBytesOnly) {
    client_says("A");
    client_says("PA", "AMQP");
    EXPECT_EQ(server_acknowledges(0).acknowledgement, line.client_seq);
    EXPECT_EQ(server_acknowledges(5).acknowledgement, line.client_seq) << "a part of the header";
    EXPECT_EQ(server_acknowledges(header_bytes).acknowledgement, line.client_seq);
    EXPECT_EQ(server_acknowledges(header_bytes + 4).acknowledgement, line.client_seq + 4);
}

TEST_F(Proxied, ASelectiveAckOfWhatIsBehindALostHeaderIsNotShown) {
    client_says("A");
    client_says("PA", "AMQP");
    packets::Frame sack{1, 1, 5, 10};
    for (const std::uint32_t edge : {isn + 1 + header_bytes, isn + 1 + header_bytes + 4})
        for (int shift = 24; shift >= 0; shift -= 8)
            sack.push_back(static_cast<std::uint8_t>(edge >> shift));
    const auto frames = world.send_raw(line.server_segment("A").ack(isn + 1).option(sack));
    ASSERT_EQ(frames.size(), 1U);
    const net::Parsed p = net::parse(frames[0]);
    EXPECT_TRUE(net::is_l4_checksum_valid(frames[0], p));
    const auto options = net::ConstBytes(frames[0]).subspan(
        p.l4_offset + 20U, std::size_t{p.payload_offset} - p.l4_offset - 20U);
    EXPECT_TRUE(net::read_tcp_options(options).sack_blocks.empty());
}

TEST_F(Proxied, ALostHeaderGoesAgainWithTheBytesBehindIt) {
    client_says("A");
    client_says("PA", "AMQP");
    const auto frames = client_says("PA", "AMQP");
    ASSERT_EQ(frames.size(), 2U);
    expect_header(frames[0]);
    EXPECT_EQ(payload(frames[1]), "AMQP");
}

// The server sends its SYN-ACK again until it has an ACK, for a client that waits to be spoken to.
TEST_F(Proxied, ALostHeaderGoesAgainWithTheAnswerToASynAckThatCameAgain) {
    client_says("A");
    const auto again = world.send_raw(line.server_segment("SA").seq(server_isn).ack(isn + 1));
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(net::parse(again[0]).acknowledgement, line.client_seq);
    const auto frames = client_says("A");
    ASSERT_EQ(frames.size(), 1U);
    expect_header(frames[0]);
}

TEST_F(Proxied, OnceAcknowledgedItIsOver) {
    client_says("A");
    server_acknowledges(header_bytes);
    for (int i = 0; i < 3; ++i) {
        const auto frames = client_says("A");
        ASSERT_EQ(frames.size(), 1U);
        EXPECT_EQ(payload(frames[0]), "");
        EXPECT_EQ(offset(frames[0]), header_bytes);
    }
    EXPECT_EQ(world.counted(&C::proxy_headers), 1U);
}

// Its number would be one that the server does not expect without the header.
TEST_F(Proxied, AResetOfTheClientsIsExact) {
    client_says("A");
    const auto frames = client_says("RA");
    ASSERT_EQ(frames.size(), 2U);
    expect_header(frames[0]);
    EXPECT_EQ(offset(frames[1]), header_bytes);
    EXPECT_EQ(world.counted(&C::flows_ended), 1U);
}

TEST_F(Proxied, AResetBeforeTheAnswerNeedsNoHeader) {
    const auto frames = client_says("R");
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(offset(frames[0]), 0U);
    EXPECT_EQ(world.counted(&C::proxy_headers), 0U);
}

// Anybody can send an ACK under any address.
TEST_F(Proxied, WhoHasNotSeenTheSynAckBringsNoHeader) {
    const auto frames = world.send_raw(line.client_segment("A").ack(server_isn + 100'000));
    for (const packets::Frame& frame : frames)
        EXPECT_EQ(payload(frame), "");
    EXPECT_EQ(world.counted(&C::proxy_headers), 0U);
}

TEST_F(Proxied, ADeadServersClientIsResetInItsOwnNumbers) {
    client_says("A");
    client_says("PA", "AMQP");
    server_acknowledges(header_bytes + 4);
    world.change([](exchange::Snapshot& s) { s.servers[0].state = exchange::ServerState::down; });
    const auto frames = world.run_raw();
    ASSERT_GE(frames.size(), 2U);
    const net::Parsed to_client = net::parse(frames[0]);
    EXPECT_EQ(to_client.destination.to_string(), client);
    EXPECT_EQ(to_client.sequence, server_isn + 1);
    EXPECT_EQ(to_client.acknowledgement, line.client_seq + 4);
    EXPECT_EQ(offset(frames[1]), header_bytes + 4);
}

TEST_F(Proxied, ASynSaysNothingThatWouldComeBeforeIt) {
    const auto frames = world.send_raw(Connection(world, 4001)
                                           .client_segment("S")
                                           .mss(1400)
                                           .timestamps(1, 0)
                                           .option({34, 10, 1, 2, 3, 4, 5, 6, 7, 8}));
    ASSERT_EQ(frames.size(), 1U);
    const net::Parsed p = net::parse(frames[0]);
    EXPECT_TRUE(net::is_l4_checksum_valid(frames[0], p));
    net::for_each_option(net::ConstBytes(frames[0]).subspan(
                             p.l4_offset + 20U, std::size_t{p.payload_offset} - p.l4_offset - 20U),
                         [](net::TcpOption kind, std::size_t, net::ConstBytes) {
                             EXPECT_EQ(kind, net::TcpOption::mss);
                         });
}

}  // namespace
}  // namespace warren::datapath
