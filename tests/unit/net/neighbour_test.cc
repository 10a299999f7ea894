// SPDX-License-Identifier: BSD-3-Clause
// Neighbour messages: what RFC 4861 7.1.1 and 7.1.2 say to discard, and the answer to a
// solicitation.
#include "net/neighbour.h"

#include <gtest/gtest.h>

#include "packets/packet_builder.h"

namespace warren::net {
namespace {

using packets::Frame;
using packets::PacketBuilder;

constexpr auto asker = "02:00:00:00:00:01";
constexpr auto group_mac = "33:33:ff:00:01:00";
constexpr auto group = "ff02::1:ff00:100";

PacketBuilder solicitation() {
    return PacketBuilder()
        .ethernet(asker, group_mac)
        .ip("fd00::1", group)
        .neighbour_solicitation("fd00::100", asker);
}

PacketBuilder advertisement(const char* destination = "ff02::1", const char* flags = "RO") {
    return PacketBuilder()
        .ethernet(asker, group_mac)
        .ip("fd00::100", destination)
        .neighbour_advertisement("fd00::100", flags, asker);
}

bool is_valid(const Frame& frame) {
    const Parsed parsed = parse(frame);
    EXPECT_TRUE(parsed.ok());
    EXPECT_TRUE(is_neighbour_message(parsed));
    return is_neighbour_message_valid(frame, parsed);
}

Frame with_option(PacketBuilder builder, Frame option) {
    const IpAddress target = packets::address("fd00::100");
    Frame body(target.bytes().begin(), target.bytes().end());
    body.insert(body.end(), option.begin(), option.end());
    return builder.payload(body);
}

TEST(Neighbour, WhoAsksGoesToTheSolicitedNodeGroup) {
    Frame out(128);
    out.resize(build_solicitation(out, packets::mac(asker), packets::address("fd00::1"),
                                  packets::address("fd00::100")));
    EXPECT_EQ(out, Frame(solicitation()));
    EXPECT_TRUE(is_valid(out));
    Frame small(60);
    EXPECT_EQ(0U, build_solicitation(small, packets::mac(asker), packets::address("fd00::1"),
                                     packets::address("fd00::100")));
}

// What leaves in the name of a virtual MAC says so everywhere, and stays valid.
TEST(Neighbour, TheSenderIsRenamed) {
    const MacAddress virtual_mac = packets::mac("00:00:5e:00:02:33");
    Frame frame = solicitation();
    set_sender_mac(frame, parse(frame), virtual_mac);
    EXPECT_TRUE(is_valid(frame));
    EXPECT_EQ(claimed_mac(frame, parse(frame)), virtual_mac);
    EXPECT_EQ(packets::mac("00:00:5e:00:02:33"), header_at<EthernetHeader>(frame, 0).source);
    Frame request = PacketBuilder().ethernet(asker, group_mac).arp_request("10.0.0.1", "10.0.0.2");
    set_sender_mac(request, parse(request), virtual_mac);
    EXPECT_EQ(request, PacketBuilder()
                           .ethernet("00:00:5e:00:02:33", group_mac)
                           .arp_request("10.0.0.1", "10.0.0.2")
                           .build());
    Frame other = PacketBuilder().ethernet(asker, asker).ip("10.0.0.1", "10.0.0.2").udp(1, 2);
    set_sender_mac(other, parse(other), virtual_mac);
    EXPECT_TRUE(is_l4_checksum_valid(other, parse(other)));
}

TEST(Neighbour, WhatIsRight) {
    EXPECT_TRUE(is_valid(solicitation()));
    EXPECT_TRUE(is_valid(solicitation().neighbour_solicitation("fd00::100")));
    EXPECT_TRUE(is_valid(solicitation().ip("fd00::1", "fd00::100")));
    EXPECT_TRUE(is_valid(solicitation().extension(60, Frame(8))));
    EXPECT_TRUE(is_valid(solicitation().ip("::", group).neighbour_solicitation("fd00::100")));
    EXPECT_TRUE(is_valid(advertisement()));
    EXPECT_TRUE(is_valid(advertisement("fd00::1", "RSO")));
    // "The contents of any defined options that are not specified to be used ... MUST be ignored":
    // a nonce (RFC 7527) beside the address.
    EXPECT_TRUE(is_valid(with_option(solicitation(), {14, 1, 1, 2, 3, 4, 5, 6})));
    EXPECT_EQ(neighbour_target(solicitation().build(), parse(solicitation().build())),
              packets::address("fd00::100"));
}

struct Bad {
    const char* rule;  // RFC 4861's words
    Frame frame;
};

TEST(Neighbour, WhatIsDiscarded) {
    const std::vector<Bad> bad{
        {"7.1.1: The IP Hop Limit field has a value of 255", solicitation().ttl(254)},
        {"7.1.1: ICMP Checksum is valid", solicitation().bad_l4_checksum()},
        {"7.1.1: ICMP Code is 0", solicitation().icmp(135, 1, 0)},
        {"7.1.1: ICMP length is 24 or more octets", solicitation().payload(Frame(15, 0xfd))},
        {"7.1.1: Target Address is not a multicast address",
         solicitation().neighbour_solicitation("ff02::1")},
        {"7.1.1: All included options have a length that is greater than zero",
         with_option(solicitation(), {1, 0, 2, 0, 0, 0, 0, 1})},
        {"an option longer than the message",
         with_option(solicitation(), {1, 2, 2, 0, 0, 0, 0, 1})},
        {"an option of one byte", with_option(solicitation(), {1})},
        {"7.1.1: If the IP source address is the unspecified address, the IP destination address "
         "is a solicited-node multicast address",
         solicitation().ip("::", "fd00::100").neighbour_solicitation("fd00::100")},
        {"7.1.1: ... there is no source link-layer address option in the message",
         solicitation().ip("::", group)},
        {"RFC 4038 4.2: a mapped IPv4 address",
         solicitation().neighbour_solicitation("::ffff:10.0.0.1")},
        {"RFC 6980 5: fragmented", solicitation().fragment(0, true)},
        {"RFC 6980 5: a fragment header, though nothing is cut", solicitation().fragment(0, false)},
        {"RFC 6980 5: behind another header",
         solicitation().fragment(0, false).extension(60, Frame(8))},
        {"7.1.2: The IP Hop Limit field has a value of 255", advertisement().ttl(64)},
        {"7.1.2: If the IP Destination Address is a multicast address the Solicited flag is zero",
         advertisement("ff02::1", "RSO")},
        {"7.1.2: Target Address is not a multicast address",
         advertisement().neighbour_advertisement("ff02::1", "RO")},
        {"RFC 6980 5: fragmented", solicitation().fragment(0, true)},
    };
    for (const Bad& each : bad)
        EXPECT_FALSE(is_valid(each.frame)) << each.rule;
}

TEST(Neighbour, WhoHasTheAddress) {
    const auto claimed = [](const Frame& frame) {
        return claimed_mac(frame, parse(frame)).to_string();
    };
    EXPECT_EQ(claimed(solicitation().neighbour_solicitation("fd00::100", "02:00:00:00:00:09")),
              "02:00:00:00:00:09");
    EXPECT_EQ(claimed(solicitation().neighbour_solicitation("fd00::100")), asker);
    EXPECT_EQ(
        claimed(advertisement().neighbour_advertisement("fd00::100", "O", "02:00:00:00:00:09")),
        "02:00:00:00:00:09");
}

std::string answer(const Frame& request) {
    Frame frame = request;
    frame.resize(request.size() + 64);
    const std::size_t length =
        build_advertisement_reply(frame, Bytes(frame).first(request.size()), parse(request),
                                  packets::mac("02:00:00:00:00:64"));
    return packets::describe(ConstBytes(frame).first(length));
}

// RFC 9568 6.4.3 with RFC 4861 7.2.4: router, solicited, override.
TEST(Neighbour, Answer) {
    EXPECT_EQ(answer(solicitation()),
              "02:00:00:00:00:64 > 02:00:00:00:00:01 IPv6 fd00::100 > fd00::1 ttl 255 NA RSO for "
              "fd00::100 link 02:00:00:00:00:64");
}

// RFC 4861 7.2.4: "If the source of the solicitation is the unspecified address, the node MUST set
// the Solicited flag to zero and multicast the advertisement to the all-nodes address."
TEST(Neighbour, AnswerToDuplicateAddressDetection) {
    EXPECT_EQ(answer(solicitation().ip("::", group).neighbour_solicitation("fd00::100")),
              "02:00:00:00:00:64 > 33:33:00:00:00:01 IPv6 fd00::100 > ff02::1 ttl 255 NA RO for "
              "fd00::100 link 02:00:00:00:00:64");
}

TEST(Neighbour, AnswerThatDoesNotFit) {
    const Frame request = solicitation();
    Frame small(85);
    EXPECT_EQ(build_advertisement_reply(small, request, parse(request), MacAddress{}), 0U);
}

}  // namespace
}  // namespace warren::net
