// SPDX-License-Identifier: BSD-3-Clause
// FNAT, packet in and packet out: handshake, data, close, and what a full table or no server does.
#include "connection.h"
#include "flow/isn.h"
#include "net/tcp_options.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using packets::PacketBuilder;
using C = exchange::WorkerCounters;

TEST(Fnat, HandshakeDataAndClose) {
    World world;
    Connection c(world);
    c.open();
    // The client's data: sequence shifted, acknowledgement as it is.
    const Seen data = c.from_client("PA", "AMQP");
    EXPECT_EQ(data.line,
              "02:00:00:00:00:64 > 02:00:00:00:00:0b IPv4 192.168.8.100 > 192.168.8.11 "
              "ttl 63 DF TCP " +
                  std::to_string(c.local_port) + " > 5672 [PA] seq " +
                  std::to_string(c.client_seq + c.delta) + " ack " + std::to_string(c.server_seq) +
                  " win 65535 \"AMQP\"");
    c.client_seq += 4;
    const Seen reply = c.from_server("PA", "start");
    EXPECT_EQ(reply.line,
              "02:00:00:00:00:64 > 02:00:00:00:00:c1 IPv4 192.168.8.100 > 192.168.8.50 "
              "ttl 63 DF TCP 5672 > 4000 [PA] seq " +
                  std::to_string(c.server_seq) + " ack " + std::to_string(c.client_seq) +
                  " win 65535 \"start\"");
    c.server_seq += 5;
    c.from_client("FA");
    ++c.client_seq;
    c.from_server("FA");
    ++c.server_seq;
    c.from_client("A");
    EXPECT_EQ(world.counted(&C::flows_ended), 1U);
    EXPECT_EQ(world.exchange.workers[0]->servers[0].active.value(), 0U);
    exchange::FlowEvent event;
    while (world.exchange.workers[0]->events.pop(event)) {
    }
    EXPECT_EQ(event.kind, exchange::FlowEventKind::ended);
    EXPECT_EQ(event.bytes, (flow::Carried{4, 5}));
}

// Who closes with data unread sends RST, after the FINs of both too.
TEST(Fnat, AResetAfterTheCloseIsNoSecondEnd) {
    World world;
    Connection c(world);
    c.open();
    c.from_client("FA");
    ++c.client_seq;
    c.from_server("FA");
    ++c.server_seq;
    c.from_client("R");
    EXPECT_EQ(world.counted(&C::flows_ended), 1U);
}

// Clients behind one local address would trip the server's PAWS (RFC 7323 5).
TEST(Fnat, TimestampsAreTakenOutOfTheSyn) {
    World world;
    Connection c(world);
    for (const char* attempt : {"first", "retransmitted"}) {
        const Lines sent = world.send(c.client_segment("S").mss(1460).timestamps(5, 0).build());
        ASSERT_EQ(sent.size(), 1U) << attempt;
        EXPECT_EQ(sent[0].find("timestamps"), std::string::npos) << attempt << sent[0];
        EXPECT_NE(sent[0].find("mss 1460"), std::string::npos) << attempt << sent[0];
    }
}

// The acknowledged edges are in the client's numbers, which the server knows shifted.
TEST(Fnat, SackBlocksAreShiftedBack) {
    World world;
    Connection c(world);
    c.open();
    const std::uint32_t left = c.client_seq + 100;
    const auto shifted = net::Be32(left + c.delta);
    const auto end = net::Be32(left + c.delta + 50);
    packets::Frame option{5, 10};
    for (const net::Be32 edge : {shifted, end})
        for (int shift = 24; shift >= 0; shift -= 8)
            option.push_back(static_cast<std::uint8_t>(edge.host() >> shift));
    const auto sent = world.send_raw(c.server_segment("A").option(option));
    ASSERT_EQ(sent.size(), 1U);
    const net::Parsed parsed = net::parse(sent[0]);
    const net::ConstBytes options = net::ConstBytes(sent[0]).subspan(parsed.l4_offset + 20U, 12);
    const auto block = net::load<net::SackBlock>(net::read_tcp_options(options).sack_blocks, 0);
    EXPECT_EQ(block.left.host(), left);
    EXPECT_EQ(block.right.host(), left + 50);
    EXPECT_TRUE(net::is_l4_checksum_valid(sent[0], parsed));
}

// RFC 6528: the server sees a number that nobody outside can tell, and it is not the client's.
TEST(Fnat, InitialSequenceNumberIsKeyed) {
    World world;
    Connection c(world);
    const Seen syn = c.from_client("S");
    const flow::Tuple server_tuple{packets::address("192.168.8.11"), packets::address(vip),
                                   net::Be16(5672), net::Be16(c.local_port)};
    EXPECT_EQ(syn.parsed.sequence,
              flow::initial_sequence({3, 4}, server_tuple,
                                     static_cast<std::uint32_t>(world.now_ns / 4000)));
}

TEST(Fnat, RetransmittedSynKeepsItsFlow) {
    World world;
    Connection c(world);
    const Seen first = c.from_client("S");
    EXPECT_EQ(c.from_client("S").line, first.line);
    EXPECT_EQ(world.counted(&C::flows_admitted), 1U);
}

// The server knows one ISN of this flow; a client that tries again with another must not confuse
// it.
TEST(Fnat, SynWithAnotherIsnLooksTheSameToTheServer) {
    World world;
    Connection c(world);
    const Seen first = c.from_client("S");
    c.client_seq += 12345;
    EXPECT_EQ(c.from_client("S").line, first.line);
}

TEST(Fnat, RoundRobinOverTheServers) {
    World world;
    std::vector<std::string> servers;
    for (std::uint16_t port = 4000; port < 4004; ++port) {
        Connection c(world, port);
        servers.push_back(c.from_client("S").destination_mac());
    }
    EXPECT_EQ(servers, (Lines{"02:00:00:00:00:0b", "02:00:00:00:00:0c", "02:00:00:00:00:0b",
                              "02:00:00:00:00:0c"}));
}

TEST(Fnat, LocalPortsDifferAndAreNeverTheServicesOwn) {
    World world({.servers = 1, .flow_capacity = 4096});
    std::set<std::string> ports;
    for (std::uint16_t port = 10000; port < 12000; ++port) {
        Connection c(world, port);
        c.from_client("S");
        EXPECT_NE(c.local_port, 5672);
        EXPECT_GE(c.local_port, 1024);
        ports.insert(std::to_string(c.local_port));
    }
    EXPECT_EQ(ports.size(), 2000U);
}

TEST(Fnat, NoServerMeansReset) {
    World world;
    world.change([](exchange::Snapshot& s) {
        for (auto& server : s.servers)
            server.weight = 0;
    });
    Connection c(world);
    const Lines sent = world.send(c.client_segment("S").build());
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(sent[0].find("TCP 5672 > 4000 [RA] seq 0"), std::string::npos) << sent[0];
}

TEST(Fnat, ServerWithoutNeighbourIsNotChosen) {
    World world;
    world.change([](exchange::Snapshot& s) { s.servers[0].reachable = false; });
    for (std::uint16_t port = 4000; port < 4004; ++port) {
        Connection c(world, port);
        EXPECT_EQ(c.from_client("S").destination_mac(), "02:00:00:00:00:0c");
    }
}

TEST(Fnat, FullTableRefusesAndRecovers) {
    World world({.servers = 1, .flow_capacity = 8});
    for (std::uint16_t port = 4000; port < 4008; ++port)
        Connection(world, port).open();
    Connection ninth(world, 5000);
    const Lines refused = world.send(ninth.client_segment("S").build());
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_NE(refused[0].find("[RA]"), std::string::npos);
    EXPECT_EQ(world.refused(Drop::flow_table_full), 1U);
    // Flows end and age, and there is room again.
    Connection again(world, 4000);
    again.client_seq = 1001;
    again.from_client("R");
    world.advance(11 * second);
    world.run();
    EXPECT_EQ(Connection(world, 5001).from_client("S").destination_mac(), "02:00:00:00:00:0b");
}

TEST(Fnat, MidFlowSegmentOfNobodyGetsReset) {
    World world;
    Connection c(world);
    const Lines sent = world.send(c.client_segment("A").seq(55).ack(99).build());
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(sent[0].find("TCP 5672 > 4000 [R] seq 99"), std::string::npos) << sent[0];
}

// A server's segment for a connection we do not know (after a takeover): it must let go of it.
TEST(Fnat, UnknownReplyResetsTheServer) {
    World world;
    const Lines sent = world.send(PacketBuilder()
                                      .ethernet("02:00:00:00:00:0b", vip_mac)
                                      .ip("192.168.8.11", vip)
                                      .tcp(5672, 33333, "PA")
                                      .seq(7)
                                      .ack(1234)
                                      .payload("x"));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(sent[0].find("192.168.8.100 > 192.168.8.11"), std::string::npos);
    EXPECT_NE(sent[0].find("TCP 33333 > 5672 [R] seq 1234"), std::string::npos) << sent[0];
}

// RFC 5382 REQ-5: an idle established connection lives two hours and four minutes.
TEST(Ageing, EstablishedLives7440Seconds) {
    World world;
    Connection c(world);
    c.open();
    for (int quarter_hours = 0; quarter_hours < 8; ++quarter_hours) {
        world.advance(900 * second);
        EXPECT_EQ(world.run(), silence);
    }
    EXPECT_NE(c.from_client("PA", "still here").line.find("192.168.8.11"), std::string::npos);
}

// DPVS's establish_timeout.
TEST(Ageing, AServiceMayHaveItsOwnTimeout) {
    World world;
    world.change([](exchange::Snapshot& s) { s.services[0].established_timeout_ns = 30 * second; });
    Connection c(world);
    c.open();
    world.advance(29 * second);
    EXPECT_EQ(world.run(), silence);
    world.advance(2 * second);
    EXPECT_EQ(world.run().size(), 2U) << "a probe to each side";
}

TEST(Ageing, AServicesTimeoutEndsWithIt) {
    World world;
    world.change([](exchange::Snapshot& s) { s.services[0].established_timeout_ns = 30 * second; });
    world.run();
    world.change([](exchange::Snapshot& s) { s.services[0].established_timeout_ns = 0; });
    Connection c(world);
    c.open();
    world.advance(60 * second);
    EXPECT_EQ(world.run(), silence);
}

TEST(Events, HandshakeTimeIsReported) {
    World world;
    Connection c(world);
    c.from_client("S");
    world.advance(3 * ms);
    c.server_seq = 5000;
    ++c.client_seq;
    c.from_server("SA");
    exchange::FlowEvent event;
    ASSERT_TRUE(world.exchange.workers[0]->events.pop(event));
    EXPECT_EQ(event.kind, exchange::FlowEventKind::established);
    EXPECT_EQ(event.latency_us, 3000U);
}

}  // namespace
}  // namespace warren::datapath
