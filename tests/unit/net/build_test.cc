// SPDX-License-Identifier: BSD-3-Clause
// Frames we originate, as describe() reads them (it checks every checksum from scratch).
#include "net/build.h"

#include <gtest/gtest.h>

#include "packets/packet_builder.h"

namespace warren::net {
namespace {

using packets::address;
using packets::describe;
using packets::Frame;
using packets::mac;
using packets::PacketBuilder;

const MacAddress own = virtual_router_mac(51);
const Link to_peer{own, mac("02:00:00:00:00:09")};

Be32 v4(const char* text) {
    return address(text).as_v4();
}

// Builds into ample room and describes what was written.
template <typename Build>
std::string built(Build&& build) {
    Frame out(2048, 0xee);
    return describe(ConstBytes(out).first(build(Bytes(out))));
}

TEST(BuildArp, GratuitousIsARequestToAll) {
    EXPECT_EQ(
        built([](Bytes out) { return build_gratuitous_arp(out, own, v4("10.0.0.1"), 100); }),
        "00:00:5e:00:01:33 > ff:ff:ff:ff:ff:ff vlan 100 ARP request 10.0.0.1 (00:00:5e:00:01:33) "
        "for 10.0.0.1 (ff:ff:ff:ff:ff:ff)");
}

TEST(ArpReplyInPlace, AnswersRequestAndProbeTaggedOrNot) {
    Frame request = PacketBuilder().arp_request("10.0.0.1", "10.0.0.100").pad_to(60);
    EXPECT_EQ(arp_reply_in_place(request, parse(request), own), 42U);
    request.resize(42);
    EXPECT_EQ(describe(request),
              "00:00:5e:00:01:33 > 02:00:00:00:00:01 ARP reply 10.0.0.100 (00:00:5e:00:01:33) for "
              "10.0.0.1 (02:00:00:00:00:01)");
    Frame probe = PacketBuilder().vlan(7).arp_request("0.0.0.0", "10.0.0.100");  // RFC 5227
    EXPECT_EQ(arp_reply_in_place(probe, parse(probe), own), 46U);
    EXPECT_EQ(describe(probe),
              "00:00:5e:00:01:33 > 02:00:00:00:00:01 vlan 7 ARP reply 10.0.0.100 "
              "(00:00:5e:00:01:33) for 0.0.0.0 (02:00:00:00:00:01)");
}

TEST(EchoReplyInPlace, SwapsEndsAndKeepsThePayload) {
    Frame four = PacketBuilder()
                     .ip("10.0.0.1", "10.0.0.100")
                     .ttl(3)
                     .echo_request(7, 9)
                     .payload("ping")
                     .pad_to(60);
    const std::size_t length = echo_reply_in_place(four, parse(four), own);
    EXPECT_EQ(describe(ConstBytes(four).first(length)),
              "00:00:5e:00:01:33 > 02:00:00:00:00:01 IPv4 10.0.0.100 > 10.0.0.1 ttl 64 DF "
              "ICMP type 0 code 0 rest 0x00070009 \"ping\"");
    Frame six = PacketBuilder().ip("2001:db8::1", "2001:db8::100").echo_request(7, 9);
    EXPECT_EQ(echo_reply_in_place(six, parse(six), own), six.size());
    EXPECT_EQ(describe(six),
              "00:00:5e:00:01:33 > 02:00:00:00:00:01 IPv6 2001:db8::100 > 2001:db8::1 ttl 64 "
              "ICMP type 129 code 0 rest 0x00070009");
}

TEST(EchoReplyInPlace, DamageStaysVisible) {
    Frame bad = PacketBuilder().ip("10.0.0.1", "10.0.0.2").echo_request(1, 2).bad_l4_checksum();
    echo_reply_in_place(bad, parse(bad), own);
    EXPECT_NE(describe(bad).find("BAD ICMP CHECKSUM"), std::string::npos);
}

TEST(BuildTcp, BothFamilies) {
    TcpSegment s;
    s.source = address("10.0.0.100");
    s.destination = address("10.0.0.1");
    s.source_port = Be16(5672);
    s.destination_port = Be16(40000);
    s.sequence = 0xfffffffe;
    s.acknowledgement = 5;
    s.flags = tcp_flag::syn | tcp_flag::ack;
    s.window = 1000;
    const Frame options{2, 4, 5, 0xb4};
    const Frame payload{'a', 'b', 'c'};
    s.options = options;
    s.payload = payload;
    EXPECT_EQ(built([&](Bytes out) { return build_tcp(out, to_peer, s); }),
              "00:00:5e:00:01:33 > 02:00:00:00:00:09 IPv4 10.0.0.100 > 10.0.0.1 ttl 64 DF "
              "TCP 5672 > 40000 [SA] seq 4294967294 ack 5 win 1000 <mss 1460> \"abc\"");
    s.source = address("2001:db8::100");
    EXPECT_EQ(built([&](Bytes out) { return build_tcp(out, to_peer, s); }), "0 bytes TRUNCATED")
        << "ends of two families";
    s.destination = address("2001:db8::1");
    EXPECT_EQ(built([&](Bytes out) { return build_tcp(out, to_peer, s); }),
              "00:00:5e:00:01:33 > 02:00:00:00:00:09 IPv6 2001:db8::100 > 2001:db8::1 ttl 64 "
              "TCP 5672 > 40000 [SA] seq 4294967294 ack 5 win 1000 <mss 1460> \"abc\"");
}

// RFC 9293 3.10.7.1, state CLOSED.
TEST(ResetReply, FollowsTheRfc) {
    struct Case {
        const char* flags;
        std::uint32_t seq;
        std::uint32_t ack;
        const char* payload;
        const char* answer;
    };
    for (const Case& c : {
             Case{"S", 100, 0, "", "[RA] seq 0 ack 101 win 0"},
             Case{"SA", 100, 700, "", "[R] seq 700 ack 0 win 0"},
             Case{"PA", 100, 700, "hello", "[R] seq 700 ack 0 win 0"},
             Case{"F", 100, 0, "hello", "[RA] seq 0 ack 106 win 0"},
             Case{"S", 0xffffffff, 0, "", "[RA] seq 0 ack 0 win 0"},
         }) {
        const Frame frame = PacketBuilder()
                                .vlan(7)
                                .ip("10.0.0.1", "10.0.0.2")
                                .ttl(3)
                                .tcp(40000, 5672, c.flags)
                                .seq(c.seq)
                                .ack(c.ack)
                                .timestamps(1, 2)
                                .payload(c.payload);
        const std::string expected =
            "02:00:00:00:00:02 > 02:00:00:00:00:01 vlan 7 IPv4 10.0.0.2 > 10.0.0.1 ttl 64 DF "
            "TCP 5672 > 40000 " +
            std::string(c.answer);
        const Parsed p = parse(frame);
        EXPECT_EQ(built([&](Bytes out) { return build_reset_reply(out, frame, p); }), expected);
        Frame same = frame;
        const std::size_t length = build_reset_reply(same, same, p);
        EXPECT_EQ(describe(ConstBytes(same).first(length)), expected) << "in place";
    }
}

TEST(ResetReply, AnswersIpv6) {
    const Frame frame = PacketBuilder().ip("2001:db8::1", "2001:db8::2").tcp(1, 2, "S").seq(9);
    EXPECT_EQ(built([&](Bytes out) { return build_reset_reply(out, frame, parse(frame)); }),
              "02:00:00:00:00:02 > 02:00:00:00:00:01 IPv6 2001:db8::2 > 2001:db8::1 ttl 64 "
              "TCP 2 > 1 [RA] seq 0 ack 10 win 0");
}

TEST(ResetReply, NeverAnswersAReset) {
    const Frame frame = PacketBuilder().ip("10.0.0.1", "10.0.0.2").tcp(1, 2, "RA");
    Frame out(100);
    EXPECT_EQ(build_reset_reply(out, frame, parse(frame)), 0U);
}

// Every builder into every size of buffer: either all of it or nothing.
TEST(Build, NeverWritesPartOfAFrame) {
    const Frame received = PacketBuilder().vlan(7).ip("10.0.0.1", "10.0.0.2").tcp(1, 2, "S");
    const Parsed p = parse(received);
    TcpSegment s;
    s.source = s.destination = address("2001:db8::1");
    const auto all = [&](Bytes out) {
        return std::array{
            build_gratuitous_arp(out, own, Be32(1), 5),
            build_tcp(out, to_peer, s),
            build_reset_reply(out, received, p),
        };
    };
    Frame ample(200);
    const auto needed = all(ample);
    for (std::size_t size = 0; size < 100; ++size) {
        Frame out(size);
        const auto lengths = all(out);
        for (std::size_t i = 0; i < lengths.size(); ++i)
            EXPECT_EQ(lengths[i], size < needed[i] ? 0U : needed[i]) << "builder " << i;
    }
}

}  // namespace
}  // namespace warren::net
