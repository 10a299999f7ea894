// SPDX-License-Identifier: BSD-3-Clause
// FNAT in each family and from one to the other, packet in and packet out.
#include <regex>
#include <set>

#include "method_world.h"
#include "net/tcp_options.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using exchange::ServerState;
using C = exchange::WorkerCounters;

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

    bool crosses() const { return near().is_v4() != far().is_v4(); }
    // Small packets that were IPv6 ones have no DF, but an identification, which no line shows.
    std::string without_df(const std::string& header, int ttl) const {
        return crosses() && ttl == 63 ? std::regex_replace(header, std::regex(" DF"), "") : header;
    }
    Lines send(const packets::Frame& frame, unsigned port = 0) {
        Lines lines = world.send(frame, 0, port);
        for (std::string& line : lines)
            line = std::regex_replace(line, std::regex(" id [0-9]+"), "");
        return lines;
    }
    std::string to_server(int ttl = 63, int server = 0) const {
        const auto i = static_cast<std::size_t>(server);
        return std::string("02:00:00:00:00:65 > ") +
               (server == 0 ? first_server_mac : second_server_mac) + " " +
               without_df(far().header(far().gateway, far().servers[i], ttl), ttl) + " TCP " +
               local_port + " > 5672 ";
    }
    std::string to_client(int ttl = 63) const {
        return "02:00:00:00:00:64 > 02:00:00:00:00:c1 " +
               without_df(near().header(near().vip, near().client, ttl), ttl) + " TCP 5672 > 4000 ";
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
const Families ipv6_to_ipv4{"Ipv6ToIpv4", ipv6, ipv4};
const Families ipv4_to_ipv6{"Ipv4ToIpv6", ipv4, ipv6};
INSTANTIATE_TEST_SUITE_P(Families, Fnat,
                         testing::Values(Families{"Ipv4", ipv4, ipv4}, Families{"Ipv6", ipv6, ipv6},
                                         ipv6_to_ipv4, ipv4_to_ipv6),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(Fnat, AConnectionFromSynToFin) {
    const auto syn = world.send_raw(world.to_vip("S").mss(1400));
    ASSERT_EQ(syn.size(), 1U);
    note(syn[0]);
    EXPECT_EQ(packets::describe(syn[0]),
              to_server() + "[S] seq " + shifted(1000) + " ack 0 win 65535 <mss 1400>");
    EXPECT_EQ(send(reply("SA", 70'000, 1001).mss(1400), 1),
              (Lines{to_client() + "[SA] seq 70000 ack 1001 win 65535 <mss 1400>"}));
    EXPECT_EQ(send(world.to_vip("PA").seq(1001).ack(70'001).payload("AMQP")),
              (Lines{to_server() + "[PA] seq " + shifted(1001) + " ack 70001 win 65535 \"AMQP\""}));
    // An odd number of bytes.
    EXPECT_EQ(send(reply("PA", 70'001, 1005).payload("x"), 1),
              (Lines{to_client() + "[PA] seq 70001 ack 1005 win 65535 \"x\""}));
    EXPECT_EQ(send(world.to_vip("FA").seq(1005).ack(70'002)),
              (Lines{to_server() + "[FA] seq " + shifted(1005) + " ack 70002 win 65535"}));
    EXPECT_EQ(send(reply("FA", 70'002, 1006), 1),
              (Lines{to_client() + "[FA] seq 70002 ack 1006 win 65535"}));
    EXPECT_EQ(world.counted(&C::flows_ended), 1U);
}

TEST_P(Fnat, TheClassAndItsEcnBitsArriveUnchanged) {
    open();
    const Lines sent = send(world.to_vip("A").seq(1001).ack(70'001).tos(0x2a));
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
        EXPECT_EQ(send(world.to_vip("A").seq(1001).ack(70'001)),
                  (Lines{to_client(64) + "[R] seq 70001 ack 0 win 0"}));
        EXPECT_EQ(send(reply("A", 70'001, 1001), 1),
                  (Lines{to_server(64) + "[R] seq " + shifted(1001) + " ack 0 win 0"}));
    }
    EXPECT_EQ(send(world.to_vip("A").seq(1001).ack(70'001)), silence);
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
    EXPECT_EQ(send(world.to_vip("A").seq(5).ack(9)), (Lines{refused + "[R] seq 9 ack 0 win 0"}));
    EXPECT_EQ(send(world.to_vip("S").tcp(4000, 99, "S")).size(), 1U);
    EXPECT_EQ(world.refused(Drop::no_flow), 2U);
    world.set_server(0, ServerState::down);
    world.set_server(1, ServerState::down);
    EXPECT_EQ(send(world.to_vip("S")), (Lines{refused + "[RA] seq 0 ack 1001 win 0"}));
    EXPECT_EQ(world.refused(Drop::no_server), 1U);
}

// Damage from before us is neither hidden nor healed, and never answered.
TEST_P(Fnat, ABadTcpChecksumIsDropped) {
    open();
    EXPECT_EQ(send(world.to_vip("A").seq(1001).ack(70'001).bad_l4_checksum()), silence);
    EXPECT_EQ(send(world.to_vip("A", 4001).bad_l4_checksum()), silence);
    EXPECT_EQ(world.dropped(Drop::bad_tcp_checksum), 2U);
}

// A replay would be sent with a right one.
TEST_P(Fnat, ASynWithABadChecksumBeginsNothing) {
    EXPECT_EQ(send(world.to_vip("S").bad_l4_checksum()), silence);
    world.advance(second);
    EXPECT_EQ(world.run(), silence);
    EXPECT_EQ(world.counted(&C::flows_admitted), 0U);
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
    EXPECT_EQ(send(world.to_vip("A").seq(1001).fragment(0, true)), silence);
    EXPECT_EQ(send(world.to_vip("A").seq(1001).fragment(8, false)), silence);
    EXPECT_EQ(world.dropped(Drop::fragment), 2U);
}

// ---- from one family to the other

class Crossing : public Fnat {};
INSTANTIATE_TEST_SUITE_P(Families, Crossing, testing::Values(ipv6_to_ipv4, ipv4_to_ipv6),
                         [](const auto& tested) { return std::string(tested.param.name); });

// As short frames have it on Ethernet: in an IPv6 frame it would be made of an IPv4 one's size.
TEST_P(Crossing, PaddingDoesNotGoAlong) {
    open();
    const auto sent = world.send_raw(world.to_vip("A").seq(1001).ack(70'001).pad_to(100));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].size(), 14U + (far().is_v4() ? 20 : 40) + 20);
}

// RFC 7915 5.1: up to 1,260 bytes may be fragmented, for IPv6 senders never make smaller packets.
TEST_P(Crossing, DontFragmentFollowsTheSize) {
    open();
    std::set<std::string> identifications;
    for (const std::size_t bytes : {0U, 1220U, 1221U}) {
        const auto filled = packets::Frame(bytes, 'x');
        const std::string line =
            far().is_v4() ? world.send(world.to_vip("A").seq(1001).ack(1).payload(filled)).at(0)
                          : world.send(reply("A", 70'001, 1001).payload(filled), 0, 1).at(0);
        EXPECT_EQ(line.find(" DF") != std::string::npos, bytes == 1221) << line;
        std::smatch id;
        if (std::regex_search(line, id, std::regex(" id [0-9]+"))) identifications.insert(id.str());
    }
    EXPECT_EQ(identifications.size(), 2U) << "RFC 6864 4.3";
}

// What comes back grows: a server may not offer more than our link to it has room for.
TEST_P(Crossing, TheMssFitsTheLinkToItsSender) {
    world.change([](exchange::Snapshot& s) { s.port_mtus = {1500, 1500}; });
    const auto mss_of = [](const packets::Frame& frame) {
        const net::Parsed parsed = net::parse(frame);
        return net::read_tcp_options(net::ConstBytes(frame).subspan(parsed.l4_offset + 20U)).mss;
    };
    const auto syn = world.send_raw(world.to_vip("S").mss(8960));
    note(syn.at(0));
    EXPECT_EQ(mss_of(syn[0]), 1440);
    const auto answer = world.send_raw(reply("SA", 70'000, 1001).mss(8940), 0, 1);
    EXPECT_EQ(mss_of(answer.at(0)), 1440);
    EXPECT_TRUE(net::is_l4_checksum_valid(answer[0], net::parse(answer[0])));
}

// The size that its sender is told is that of its own family's packet.
TEST_P(Crossing, ATooLargePacketIsAnsweredWithTheSizeThatFits) {
    open();
    world.change([](exchange::Snapshot& s) { s.port_mtus = {1500, 1400}; });
    const std::size_t fits = 1400 - (far().is_v4() ? 40 : 60);
    EXPECT_EQ(send(world.to_vip("A").seq(1001).ack(1).payload(packets::Frame(fits, 'x'))).size(),
              1U);
    const auto sent =
        world.send_raw(world.to_vip("A").seq(1001).ack(1).payload(packets::Frame(fits + 1, 'x')));
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_NE(
        packets::describe(sent[0]).find(near().is_v4() ? " ICMP type 3 code 4 rest 0x00000564"
                                                       : " ICMP type 2 code 0 rest 0x0000058c"),
        std::string::npos)
        << packets::describe(sent[0]);
}

// A service may have servers of both: each is reached from a local address of its family.
TEST_P(Crossing, ServersOfBothFamilies) {
    world.change([&](exchange::Snapshot& s) {
        s.servers[1].address = packets::address(near().servers[1]);
        s.addresses.push_back({.address = packets::address(near().gateway),
                               .mac = packets::mac(second_mac),
                               .virtual_router = 1,
                               .port = 1});
        s.services[0].local_addresses.push_back(packets::address(near().gateway));
    });
    for (std::uint16_t port = 4000; port < 4004; ++port) {
        const auto sent = world.send_raw(world.to_vip("S", port));
        ASSERT_EQ(sent.size(), 1U);
        const net::Parsed parsed = net::parse(sent[0]);
        const Endpoints& side = port % 2 == 0 ? far() : near();
        EXPECT_EQ(parsed.destination.to_string(), side.servers[port % 2]);
        EXPECT_EQ(parsed.source.to_string(), side.gateway);
        EXPECT_TRUE(net::is_l4_checksum_valid(sent[0], parsed));
    }
}

TEST_P(Crossing, WithoutALocalAddressOfTheServersFamilyNobodyIsServed) {
    world.change([&](exchange::Snapshot& s) {
        s.services[0].local_addresses = {packets::address(near().vip)};
    });
    EXPECT_EQ(send(world.to_vip("S")).size(), 1U);
    EXPECT_EQ(world.refused(Drop::no_local_port), 1U);
}

}  // namespace
}  // namespace warren::datapath
