// SPDX-License-Identifier: BSD-3-Clause
// An IPv6 address of ours: solicitations are answered by the master alone, echo and refused TCP as
// for IPv4.
#include "world.h"

namespace warren::datapath {
namespace {

using exchange::Drop;
using packets::Frame;
using packets::PacketBuilder;
using C = exchange::WorkerCounters;

constexpr auto client6 = "fd00::50";
constexpr auto group6 = "ff02::1:ff00:100";
constexpr auto group_mac = "33:33:ff:00:01:00";

void add_vip6(exchange::Snapshot& s) {
    s.addresses.push_back(
        {.address = packets::address(vip6), .mac = packets::mac(vip_mac), .virtual_router = 0});
}

struct World6 : World {
    explicit World6(const WorldOptions& options = {}) : World(options) { change(add_vip6); }
};

PacketBuilder solicitation(const char* destination_mac = group_mac,
                           const char* destination = group6) {
    return PacketBuilder()
        .ethernet(client_mac, destination_mac)
        .ip(client6, destination)
        .neighbour_solicitation(vip6, client_mac);
}

PacketBuilder duplicate_detection() {
    return PacketBuilder()
        .ethernet(client_mac, group_mac)
        .ip("::", group6)
        .neighbour_solicitation(vip6);
}

PacketBuilder to_vip6() {
    return PacketBuilder().ethernet(client_mac, vip_mac).ip(client6, vip6);
}

const Lines advertisement{
    "02:00:00:00:00:64 > 02:00:00:00:00:c1 IPv6 fd00::100 > fd00::50 ttl 255 NA RSO for fd00::100 "
    "link 02:00:00:00:00:64"};

// RFC 9568 6.4.3: an Active Router "MUST be a member of the Solicited-Node multicast address" and
// "MUST respond to ND Neighbor Solicitation messages" (A16).
TEST(Neighbour, MasterAnswersMulticastAndUnicast) {
    World6 world;
    EXPECT_EQ(world.send(solicitation()), advertisement);
    EXPECT_EQ(world.send(solicitation(vip_mac, vip6)), advertisement);
    EXPECT_EQ(world.counted(&C::neighbour_replies), 2U);
    EXPECT_EQ(world.router_frames(), 2U);
}

// A18: RFC 4861 7.2.4.
TEST(Neighbour, DuplicateDetectionIsAnsweredToAllNodes) {
    World6 world;
    EXPECT_EQ(world.send(duplicate_detection()),
              Lines{"02:00:00:00:00:64 > 33:33:00:00:00:01 IPv6 fd00::100 > ff02::1 ttl 255 NA RO "
                    "for fd00::100 link 02:00:00:00:00:64"});
}

// RFC 9568 6.4.2: a Backup Router "MUST NOT respond to ND Neighbor Solicitation messages" (A15).
TEST(Neighbour, BackupIsSilent) {
    World6 world({.kernel_port = true});
    world.set_master(false);
    EXPECT_EQ(world.send(solicitation()), silence);
    EXPECT_EQ(world.send(solicitation(vip_mac, vip6)), silence);
    EXPECT_EQ(world.send(duplicate_detection()), silence);
    EXPECT_EQ(world.dropped(Drop::not_owned), 3U);
    EXPECT_EQ(world.taken_by_kernel(), silence);
    EXPECT_EQ(world.router_frames(), 0U);
}

TEST(Neighbour, WhatRfc4861SaysToDiscardIsNotAnswered) {
    World6 world;
    EXPECT_EQ(world.send(solicitation().ttl(254)), silence);
    EXPECT_EQ(world.send(solicitation().bad_l4_checksum()), silence);
    Frame zero_option = solicitation();
    zero_option[zero_option.size() - 7] = 0;
    EXPECT_EQ(world.send(zero_option), silence);
    EXPECT_EQ(world.dropped(Drop::malformed_neighbour), 3U);
}

// Router discovery and the neighbours of others are the kernel's.
TEST(Neighbour, OthersAndRouterMessagesAreTheKernels) {
    World6 world;
    world.send(solicitation().neighbour_solicitation("fd00::4", client_mac));
    world.send(PacketBuilder()
                   .ethernet(client_mac, "33:33:00:00:00:02")
                   .ip("fe80::1", "ff02::2")
                   .ttl(255)
                   .icmp(133, 0, 0));
    world.send(PacketBuilder()
                   .ethernet(client_mac, "33:33:00:00:00:01")
                   .ip("fe80::1", "ff02::1")
                   .ttl(255)
                   .icmp(134, 0, 0)
                   .payload(Frame(8)));
    EXPECT_EQ(world.counted(&C::kernel), 3U);
    EXPECT_EQ(world.counted(&C::tx), 0U);
}

TEST(Neighbour, AFrameToAnotherMacIsNotOurs) {
    World6 world;
    EXPECT_EQ(world.send(solicitation("02:00:00:00:00:99", vip6)), silence);
    EXPECT_EQ(world.counted(&C::kernel), 1U);
}

TEST(Neighbour, AnAddressOnAnotherPortIsNotAnsweredHere) {
    World6 world;
    world.change([](exchange::Snapshot& s) { s.addresses.back().port = 1; });
    EXPECT_EQ(world.send(solicitation()), silence);
    EXPECT_EQ(world.counted(&C::kernel), 1U);
}

TEST(Echo6, MasterAnswersEverySizeABackupNone) {
    World6 world;
    EXPECT_EQ(world.send(to_vip6().echo_request(7, 1).payload("ping")),
              Lines{"02:00:00:00:00:64 > 02:00:00:00:00:c1 IPv6 fd00::100 > fd00::50 ttl 64 ICMP "
                    "type 129 code 0 rest 0x00070001 \"ping\""});
    for (const std::size_t bytes :
         {std::size_t{0}, std::size_t{1}, std::size_t{57}, std::size_t{1452}}) {
        const Lines sent = world.send(to_vip6().echo_request(7, 2).payload(Frame(bytes, 0xa5)));
        ASSERT_EQ(sent.size(), 1U);
        EXPECT_EQ(sent[0].find("BAD"), std::string::npos) << sent[0];
    }
    EXPECT_EQ(world.send(to_vip6().echo_request(7, 1).bad_l4_checksum()), silence);
    EXPECT_EQ(world.dropped(Drop::bad_icmp_checksum), 1U);
    world.set_master(false);
    EXPECT_EQ(world.send(to_vip6().echo_request(7, 1)), silence);
    EXPECT_EQ(world.dropped(Drop::not_owned), 1U);
}

TEST(Echo, EverySizeOfIpv4) {
    World world;
    for (const std::size_t bytes :
         {std::size_t{0}, std::size_t{1}, std::size_t{57}, std::size_t{1472}}) {
        const Lines sent = world.send(PacketBuilder()
                                          .ethernet(client_mac, vip_mac)
                                          .ip(client, vip)
                                          .echo_request(7, 2)
                                          .payload(Frame(bytes, 0xa5)));
        ASSERT_EQ(sent.size(), 1U);
        EXPECT_EQ(sent[0].find("BAD"), std::string::npos) << sent[0];
    }
}

// RFC 9293 3.10.7.1
TEST(Refuse6, PortThatNobodyServes) {
    World6 world;
    EXPECT_EQ(world.send(to_vip6().tcp(4000, 22, "S").seq(100)),
              Lines{"02:00:00:00:00:64 > 02:00:00:00:00:c1 IPv6 fd00::100 > fd00::50 ttl 64 TCP 22 "
                    "> 4000 [RA] seq 0 ack 101 win 0"});
    EXPECT_EQ(world.send(to_vip6().tcp(4000, 22, "S").extension(60, Frame(8)).seq(100)),
              Lines{"02:00:00:00:00:64 > 02:00:00:00:00:c1 IPv6 fd00::100 > fd00::50 ttl 64 TCP 22 "
                    "> 4000 [RA] seq 0 ack 101 win 0"});
}

TEST(Echo6, EachFragmentIsTurnedRound) {
    World6 world;
    for (const bool first : {true, false}) {
        const auto answer = world.send_raw(
            to_vip6().echo_request(7, 1).payload("ping").fragment(first ? 0 : 1448, first));
        ASSERT_EQ(answer.size(), 1U);
        const net::Parsed parsed = net::parse(answer[0]);
        EXPECT_EQ(parsed.fragment, first ? net::Fragment::first : net::Fragment::later);
        EXPECT_EQ(parsed.source.to_string(), vip6);
        EXPECT_EQ(parsed.destination.to_string(), client6);
        EXPECT_EQ(parsed.message_type, first ? 129 : 0);
    }
}

TEST(BadInput6, EachReasonHasItsCounter) {
    struct Bad {
        const char* what;
        Frame frame;
        Drop reason;
    };
    const std::vector<Bad> bad{
        {"no source", to_vip6().ip("::", vip6).tcp(1, 5672, "S"), Drop::malformed_ip},
        {"RFC 8200 4.4: a route with a segment left",
         to_vip6().tcp(1, 5672, "S").extension(43, Frame{0, 0, 0, 1, 0, 0, 0, 0}),
         Drop::bad_extension_header},
        {"a fragment", to_vip6().tcp(1, 5672, "S").fragment(0, true), Drop::fragment},
        {"UDP", to_vip6().udp(1, 5672), Drop::unexpected_protocol},
        {"an echo reply", to_vip6().echo_reply(1, 1), Drop::unexpected_protocol},
        {"TCP to nobody, bad checksum", to_vip6().tcp(1, 22, "S").bad_l4_checksum(),
         Drop::bad_tcp_checksum},
    };
    World6 world;
    for (const Bad& each : bad) {
        const std::uint64_t before = world.dropped(each.reason);
        EXPECT_EQ(world.send(each.frame), silence) << each.what;
        EXPECT_EQ(world.dropped(each.reason), before + 1) << each.what;
    }
}

TEST(BadInput6, TruncatedAtEveryLengthNeverCrashes) {
    World6 world;
    for (const Frame& whole : {solicitation().build(), duplicate_detection().build(),
                               to_vip6().tcp(4000, 5672, "S").extension(0, Frame(8)).build()})
        for (std::size_t length = 1; length < whole.size(); ++length)
            EXPECT_EQ(world.send(Frame(whole.begin(), whole.begin() + static_cast<long>(length))),
                      silence);
}

}  // namespace
}  // namespace warren::datapath
