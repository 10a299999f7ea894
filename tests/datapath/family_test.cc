// SPDX-License-Identifier: BSD-3-Clause
// FNAT in each family, packet in and packet out.
#include "method_world.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using exchange::ServerState;
using Lines = std::vector<std::string>;
using C = exchange::WorkerCounters;

const Lines silence;

struct Families {
    const char* name;
    Endpoints near;  // the client and the VIP
    Endpoints far;   // the servers
};

class Fnat : public testing::TestWithParam<Families> {
  protected:
    Fnat() : world(flow::Method::fnat, GetParam().near, GetParam().far) {}

    const Endpoints& near() const { return GetParam().near; }
    const Endpoints& far() const { return GetParam().far; }

    std::string to_server(int ttl = 63, int server = 0) const {
        const auto i = static_cast<std::size_t>(server);
        return std::string("02:00:00:00:00:65 > ") +
               (server == 0 ? first_server_mac : second_server_mac) + " " +
               far().header(far().gateway, far().servers[i], ttl) + " TCP " + local_port +
               " > 5672 ";
    }
    std::string to_client(int ttl = 63) const {
        return "02:00:00:00:00:64 > 02:00:00:00:00:c1 " +
               near().header(near().vip, near().client, ttl) + " TCP 5672 > 4000 ";
    }
    // The client's number as the server sees it.
    std::string shifted(std::uint32_t sequence) const { return std::to_string(sequence + delta); }

    void note(const packets::Frame& syn) {
        const net::Parsed parsed = net::parse(syn);
        local_port = text(parsed.source_port);
        delta = parsed.sequence - 1000;
    }
    // A server's segment to the local address.
    packets::PacketBuilder reply(std::string_view flags, std::uint32_t sequence,
                                 std::uint32_t client_sequence) const {
        return packets::PacketBuilder()
            .ethernet(first_server_mac, second_mac)
            .ip(far().servers[0], far().gateway)
            .tcp(5672, static_cast<std::uint16_t>(std::stoi(local_port)), flags)
            .seq(sequence)
            .ack(client_sequence + delta);
    }
    void open() {
        note(world.send_raw(world.to_vip("S")).at(0));
        ASSERT_EQ(world.send(reply("SA", 70'000, 1001), 0, 1).size(), 1U);
        ASSERT_EQ(world.send(world.to_vip("A").seq(1001).ack(70'001)).size(), 1U);
    }

    MethodWorld world;
    std::string local_port;
    std::uint32_t delta = 0;
};
INSTANTIATE_TEST_SUITE_P(Families, Fnat,
                         testing::Values(Families{"Ipv4", ipv4, ipv4},
                                         Families{"Ipv6", ipv6, ipv6}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(Fnat, AConnectionFromSynToFin) {
    const auto syn = world.send_raw(world.to_vip("S").mss(1400));
    ASSERT_EQ(syn.size(), 1U);
    note(syn[0]);
    EXPECT_EQ(packets::describe(syn[0]),
              to_server() + "[S] seq " + shifted(1000) + " ack 0 win 65535 <mss 1400>");
    EXPECT_EQ(world.send(reply("SA", 70'000, 1001).mss(1400), 0, 1),
              (Lines{to_client() + "[SA] seq 70000 ack 1001 win 65535 <mss 1400>"}));
    EXPECT_EQ(world.send(world.to_vip("PA").seq(1001).ack(70'001).payload("AMQP")),
              (Lines{to_server() + "[PA] seq " + shifted(1001) + " ack 70001 win 65535 \"AMQP\""}));
    // An odd number of bytes.
    EXPECT_EQ(world.send(reply("PA", 70'001, 1005).payload("x"), 0, 1),
              (Lines{to_client() + "[PA] seq 70001 ack 1005 win 65535 \"x\""}));
    EXPECT_EQ(world.send(world.to_vip("FA").seq(1005).ack(70'002)),
              (Lines{to_server() + "[FA] seq " + shifted(1005) + " ack 70002 win 65535"}));
    EXPECT_EQ(world.send(reply("FA", 70'002, 1006), 0, 1),
              (Lines{to_client() + "[FA] seq 70002 ack 1006 win 65535"}));
    EXPECT_EQ(world.counted(&C::flows_ended), 1U);
}

TEST_P(Fnat, TheClassAndItsEcnBitsArriveUnchanged) {
    open();
    const Lines sent = world.send(world.to_vip("A").seq(1001).ack(70'001).tos(0x2a));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(sent[0].find(" tos 0x2a"), std::string::npos) << sent[0];
}

TEST_P(Fnat, ADeadServersEndsAreResetAndItsStubAnswers) {
    open();
    world.set_server(0, ServerState::down);
    EXPECT_EQ(world.run(),
              (Lines{to_client(64) + "[RA] seq 70001 ack 1001 win 0",
                     to_server(64) + "[RA] seq " + shifted(1001) + " ack 70001 win 0"}));
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(world.send(world.to_vip("A").seq(1001).ack(70'001)),
                  (Lines{to_client(64) + "[R] seq 70001 ack 0 win 0"}));
        EXPECT_EQ(world.send(reply("A", 70'001, 1001), 0, 1),
                  (Lines{to_server(64) + "[R] seq " + shifted(1001) + " ack 0 win 0"}));
    }
    EXPECT_EQ(world.send(world.to_vip("A").seq(1001).ack(70'001)), silence);
}

TEST_P(Fnat, ARefusedSynGoesToTheOtherServer) {
    note(world.send_raw(world.to_vip("S").mss(1400)).at(0));
    const auto sent = world.send_raw(reply("RA", 0, 1001), 0, 1);
    ASSERT_EQ(sent.size(), 1U);
    note(sent[0]);
    const std::string line = packets::describe(sent[0]);
    EXPECT_EQ(line, to_server(64, 1) + "[S] seq " + shifted(1000) + " ack 0 win 65535 <mss 1400>");
}

TEST_P(Fnat, NobodysSegmentsAreRefused) {
    const std::string refused = to_client(64);
    EXPECT_EQ(world.send(world.to_vip("A").seq(5).ack(9)),
              (Lines{refused + "[R] seq 9 ack 0 win 0"}));
    EXPECT_EQ(world.send(world.to_vip("S").tcp(4000, 99, "S")).size(), 1U);
    EXPECT_EQ(world.refused(Drop::no_flow), 2U);
    world.set_server(0, ServerState::down);
    world.set_server(1, ServerState::down);
    EXPECT_EQ(world.send(world.to_vip("S")), (Lines{refused + "[RA] seq 0 ack 1001 win 0"}));
    EXPECT_EQ(world.refused(Drop::no_server), 1U);
}

// RFC 1624: damage from before us is neither hidden nor healed, and never answered.
TEST_P(Fnat, ABadTcpChecksumStaysBad) {
    open();
    const Lines sent = world.send(world.to_vip("A").seq(1001).ack(70'001).bad_l4_checksum());
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(sent[0].find("BAD TCP CHECKSUM"), std::string::npos) << sent[0];
    EXPECT_EQ(world.send(world.to_vip("A", 4001).bad_l4_checksum()), silence);
    EXPECT_EQ(world.dropped(Drop::bad_tcp_checksum), 1U);
}

TEST_P(Fnat, OptionsOfTheIpHeaderDoNotHideTheSegment) {
    open();
    auto segment = world.to_vip("PA").seq(1001).ack(70'001).payload("AMQP");
    if (near().is_v4())
        segment.ip_options({0x94, 4, 0, 0});  // router alert
    else
        segment.extension(60, {0, 0, 1, 4, 0, 0, 0, 0}).extension(43, {0, 0, 0, 0, 0, 0, 0, 0});
    const auto sent = world.send_raw(segment);
    ASSERT_EQ(sent.size(), 1U);
    const net::Parsed parsed = net::parse(sent[0]);
    EXPECT_EQ(parsed.destination, packets::address(far().servers[0]));
    EXPECT_EQ(parsed.payload_bytes, 4U);
    EXPECT_TRUE(net::is_l4_checksum_valid(sent[0], parsed));
}

TEST_P(Fnat, FragmentsAreDropped) {
    open();
    EXPECT_EQ(world.send(world.to_vip("A").seq(1001).fragment(0, true)), silence);
    EXPECT_EQ(world.send(world.to_vip("A").seq(1001).fragment(8, false)), silence);
    EXPECT_EQ(world.dropped(Drop::fragment), 2U);
}

}  // namespace
}  // namespace warren::datapath
