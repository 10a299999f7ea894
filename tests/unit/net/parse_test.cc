// SPDX-License-Identifier: BSD-3-Clause
// parse(): what it finds in right frames, how it names what is wrong with others, and that it never
// looks outside the frame (run under ASan).
#include "net/parse.h"

#include <gtest/gtest.h>

#include <memory>

#include "packets/packet_builder.h"

namespace warren::net {

void PrintTo(const MacAddress& mac, std::ostream* out) {
    *out << mac.to_string();
}
void PrintTo(const IpAddress& ip, std::ostream* out) {
    *out << ip.to_string();
}
void PrintTo(ParseError error, std::ostream* out) {
    *out << name(error);
}

namespace {

using packets::address;
using packets::describe;
using packets::Frame;
using packets::from_hex;
using packets::PacketBuilder;

Parsed parse(const Frame& frame, IpChecksum ip_checksum = IpChecksum::verify) {
    return net::parse(ConstBytes(frame), ip_checksum);
}

PacketBuilder v4() {
    return PacketBuilder().ip("10.0.0.1", "10.0.0.2");
}
PacketBuilder v6() {
    return PacketBuilder().ip("2001:db8::1", "2001:db8::2");
}
PacketBuilder segment() {
    return v4().tcp(40000, 5672, "PA").payload("hello");
}

TEST(Parse, TcpOverIpv4) {
    const Parsed p = parse(v4().tcp(40000, 5672, "SA").seq(7).ack(9).mss(1460).payload("ab"));
    EXPECT_EQ(p.error, ParseError::none);
    EXPECT_EQ(p.network, Network::ipv4);
    EXPECT_EQ(p.protocol, IpProtocol::tcp);
    EXPECT_TRUE(p.is_tcp());
    EXPECT_EQ(p.source, address("10.0.0.1"));
    EXPECT_EQ(p.destination, address("10.0.0.2"));
    EXPECT_EQ(p.source_port.host(), 40000);
    EXPECT_EQ(p.destination_port.host(), 5672);
    EXPECT_EQ(p.tcp_flags, tcp_flag::syn | tcp_flag::ack);
    EXPECT_EQ(p.sequence, 7U);
    EXPECT_EQ(p.acknowledgement, 9U);
    EXPECT_EQ(p.l3_offset, 14);
    EXPECT_EQ(p.l4_offset, 34);
    EXPECT_EQ(p.payload_offset, 58);
    EXPECT_EQ(p.payload_bytes, 2);
    EXPECT_EQ(p.segment_length(), 3U) << "RFC 9293 3.10.7.1: SYN counts";
    EXPECT_EQ(p.fragment, Fragment::none);
}

TEST(Parse, TcpOverIpv6) {
    const Parsed p = parse(v6().tcp(1, 2, "F").payload("abc"));
    EXPECT_EQ(p.error, ParseError::none);
    EXPECT_EQ(p.network, Network::ipv6);
    EXPECT_TRUE(p.is_tcp());
    EXPECT_EQ(p.source, address("2001:db8::1"));
    EXPECT_EQ(p.l4_offset, 54);
    EXPECT_EQ(p.payload_bytes, 3);
    EXPECT_EQ(p.segment_length(), 4U);
}

TEST(Parse, Arp) {
    const Parsed p = parse(PacketBuilder().arp_request("10.0.0.1", "10.0.0.2").pad_to(60));
    EXPECT_EQ(p.error, ParseError::none);
    EXPECT_EQ(p.network, Network::arp);
    EXPECT_EQ(p.message_type, arp_request);
    EXPECT_EQ(p.source, address("10.0.0.1"));
    EXPECT_EQ(p.destination, address("10.0.0.2"));
    EXPECT_EQ(p.packet_end(), 42U);
    EXPECT_EQ(parse(PacketBuilder().arp_reply("10.0.0.1", "10.0.0.2")).message_type, arp_reply);
}

TEST(Parse, PaddingIsNotPayload) {
    const Parsed p = parse(v4().tcp(1, 2, "A").pad_to(60));
    EXPECT_TRUE(p.ok());
    EXPECT_EQ(p.payload_bytes, 0);
    EXPECT_EQ(p.packet_end(), 54U);
}

TEST(Parse, VlanTags) {
    const Parsed one = parse(segment().vlan(0x6064));
    EXPECT_TRUE(one.is_tcp());
    EXPECT_EQ(one.tag_count, 1);
    EXPECT_EQ(one.tags[0].host(), 0x6064);
    EXPECT_EQ(one.l3_offset, 18);
    const Parsed two = parse(segment().service_vlan(5).vlan(6));
    EXPECT_TRUE(two.is_tcp());
    EXPECT_EQ(two.tag_count, 2);
    EXPECT_EQ(two.tags[0].host(), 5);
    EXPECT_EQ(two.tags[1].host(), 6);
    const Parsed three = parse(segment().vlan(1).vlan(2).vlan(3));
    EXPECT_TRUE(three.ok());
    EXPECT_EQ(three.network, Network::other);
}

TEST(Parse, IpOptions) {
    const Parsed p = parse(segment().ip_options({1, 1, 1, 0}));
    EXPECT_TRUE(p.is_tcp());
    EXPECT_EQ(p.l4_offset, 38);
    EXPECT_EQ(p.payload_bytes, 5);
}

TEST(Parse, Fragments) {
    const Parsed first = parse(segment().fragment(0, true));
    EXPECT_EQ(first.fragment, Fragment::first);
    EXPECT_EQ(first.destination_port.host(), 5672);
    const Parsed later = parse(segment().fragment(8, true));
    EXPECT_EQ(later.fragment, Fragment::later);
    EXPECT_EQ(later.destination_port.host(), 0) << "RFC 791: a later fragment has no ports";
    EXPECT_FALSE(later.is_tcp());
    EXPECT_EQ(later.payload_bytes, 25);
    EXPECT_EQ(parse(segment().fragment(8, false)).fragment, Fragment::later);
    EXPECT_EQ(parse(v6().tcp(1, 2, "A").fragment(0, true)).fragment, Fragment::first);
    EXPECT_EQ(parse(v6().tcp(1, 2, "A").fragment(16, false)).fragment, Fragment::later);
    const Parsed atomic = parse(v6().fragment(0, false).tcp(1, 2, "A"));  // RFC 6946
    EXPECT_EQ(atomic.fragment, Fragment::none);
    EXPECT_TRUE(atomic.is_tcp());
}

TEST(Parse, ExtensionHeaders) {
    const Parsed p =
        parse(v6().tcp(1, 2, "A")
                  .extension(0, Frame(8))
                  .extension(60, Frame{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_TRUE(p.is_tcp());
    EXPECT_EQ(p.l4_offset, 14 + 40 + 8 + 16);
    PacketBuilder endless = v6().tcp(1, 2, "A");
    for (int i = 0; i < 9; ++i)
        endless.extension(60, Frame(8));
    EXPECT_EQ(parse(endless).error, ParseError::bad_extension_header);
}

TEST(Parse, OtherProtocols) {
    const Parsed echo = parse(v4().echo_request(1, 2).payload("ping"));
    EXPECT_TRUE(echo.is_icmp());
    EXPECT_EQ(echo.message_type, icmp_type::echo_request);
    EXPECT_EQ(echo.payload_bytes, 4);
    EXPECT_TRUE(parse(v6().echo_request(1, 2)).is_icmp());
    EXPECT_FALSE(parse(v4().protocol(58).payload("12345678")).is_icmp());
    const Parsed advert = parse(v4().vrrp_v2(51, 100, 1, {"192.168.8.100"}, "1111"));
    EXPECT_TRUE(advert.ok());
    EXPECT_EQ(advert.protocol, IpProtocol::vrrp);
    EXPECT_EQ(advert.payload_offset, advert.l4_offset);
    EXPECT_EQ(advert.payload_bytes, 20);
    const Parsed udp = parse(v4().udp(53, 54).payload("abc"));
    EXPECT_EQ(udp.source_port.host(), 53);
    EXPECT_EQ(udp.payload_bytes, 3);
    EXPECT_TRUE(parse(v4().protocol(47)).ok());
    EXPECT_EQ(parse(PacketBuilder().payload("x")).network, Network::other);
}

TEST(Parse, VerifiedChecksumIsNotLookedAt) {
    EXPECT_TRUE(parse(segment().bad_ip_checksum(), IpChecksum::verified).is_tcp());
}

// ::ffff:10.0.0.1 over the source (0) or destination (16) of an IPv6 segment.
Frame mapped(std::size_t at) {
    Frame frame = v6().tcp(1, 2, "S");
    store(Bytes(frame), 14 + 8 + at, address("10.0.0.1").bytes());
    return frame;
}

struct Wrong {
    const char* what;
    Frame frame;
    ParseError error;
};

TEST(Parse, NamesWhatIsWrong) {
    using enum ParseError;
    const Wrong cases[] = {
        {"no frame", {}, truncated_ethernet},
        {"half a MAC", segment().truncate(13), truncated_ethernet},
        {"half a tag", segment().vlan(1).truncate(17), truncated_vlan},
        {"half an ARP", PacketBuilder().arp_request("10.0.0.1", "10.0.0.2").truncate(41),
         truncated_arp},
        {"RARP operation", PacketBuilder().arp_request("10.0.0.1", "10.0.0.2").arp_operation(3),
         bad_arp},
        {"half an IPv4 header", segment().truncate(33), truncated_ip},
        {"half an IPv6 header", v6().tcp(1, 2, "A").truncate(53), truncated_ip},
        {"IPv4 options cut", segment().ip_options({1, 1, 1, 0}).truncate(36), truncated_ip},
        {"IPv4 cut", segment().truncate(58), truncated_ip},
        {"IPv6 cut", v6().tcp(1, 2, "A").truncate(73), truncated_ip},
        {"version 5 as IPv4", segment().ip_version(5), bad_ip_version},
        {"version 4 as IPv6", v6().tcp(1, 2, "A").ip_version(4), bad_ip_version},
        {"16-byte IPv4 header", segment().ip_header_words(4), bad_ip_header_length},
        {"IPv4 header checksum", segment().bad_ip_checksum(), bad_ip_checksum},
        {"total length 19", segment().total_length(19), bad_total_length},
        {"total length too big", segment().total_length(46), truncated_ip},
        {"payload length too big", v6().tcp(1, 2, "A").total_length(21), truncated_ip},
        {"from loopback", PacketBuilder().ip("127.0.0.1", "10.0.0.2"), bad_address},
        {"to loopback", PacketBuilder().ip("10.0.0.1", "127.0.0.1"), bad_address},
        {"from a group", PacketBuilder().ip("224.0.0.18", "10.0.0.2"), bad_address},
        {"from broadcast", PacketBuilder().ip("255.255.255.255", "10.0.0.2"), bad_address},
        {"from IPv6 loopback", PacketBuilder().ip("::1", "2001:db8::2"), bad_address},
        {"from an IPv6 group", PacketBuilder().ip("ff02::1", "2001:db8::2"), bad_address},
        {"from IPv4 in IPv6", mapped(0), bad_address},
        {"to IPv4 in IPv6", mapped(16), bad_address},
        {"TCP of 19 bytes", segment().total_length(39), truncated_tcp},
        {"TCP of 0 bytes", v4().protocol(6), truncated_tcp},
        {"tiny first fragment", v4().protocol(6).payload("12345678").fragment(0, true),
         truncated_tcp},
        {"TCP offset 4", segment().tcp_offset_words(4), bad_tcp_offset},
        {"TCP offset past the end", segment().tcp_offset_words(7), bad_tcp_offset},
        {"UDP of 7 bytes", v4().protocol(17).payload("1234567"), truncated_udp},
        {"UDP length 7", v4().udp(1, 2).udp_length(7), bad_udp_length},
        {"UDP length too big", v4().udp(1, 2).udp_length(9), bad_udp_length},
        {"ICMP of 7 bytes", v4().protocol(1).payload("1234567"), truncated_icmp},
        {"ICMPv6 of 4 bytes", v6().protocol(58).payload("1234"), truncated_icmp},
        {"extension header of 7 bytes", v6().protocol(0).payload(Frame(7)), bad_extension_header},
        {"extension header too long", v6().protocol(60).payload(Frame{6, 1, 0, 0, 0, 0, 0, 0}),
         bad_extension_header},
        {"route with a segment left",
         v6().tcp(1, 2, "S").extension(43, Frame{0, 0, 0, 1, 0, 0, 0, 0}), bad_extension_header},
        {"fragment header of 7 bytes", v6().protocol(44).payload(Frame(7)), bad_extension_header},
    };
    for (const Wrong& c : cases)
        EXPECT_EQ(parse(c.frame).error, c.error) << c.what << ": " << describe(c.frame);
}

TEST(Parse, AddressesThatAreUnusualButRight) {
    EXPECT_TRUE(parse(PacketBuilder().ip("0.0.0.0", "255.255.255.255").udp(68, 67)).ok());
    EXPECT_TRUE(parse(PacketBuilder().ip("10.0.0.1", "224.0.0.18")).ok());
    EXPECT_TRUE(parse(PacketBuilder().ip("223.255.255.255", "240.0.0.1")).ok());
    EXPECT_TRUE(parse(PacketBuilder().ip("::", "ff02::1:ff00:1")).ok());
}

TEST(Parse, EveryErrorHasAName) {
    for (std::size_t i = 0; i < parse_error_count; ++i)
        EXPECT_FALSE(name(static_cast<ParseError>(i)).empty());
    EXPECT_EQ(name(ParseError::truncated_icmp), "truncated_icmp");
    EXPECT_EQ(name(ParseError::bad_total_length), "bad_total_length");
}

// Frames as Linux 6.18 and keepalived 2.2.7 sent them.
TEST(Parse, GoldenFrames) {
    struct Golden {
        const char* hex;
        const char* text;
    };
    const Golden frames[] = {
        {"020000000002 020000000001 0800 4500003c6deb400040063b18c0a80804c0a80864"
         "de0e16282f22c17800000000a002faf0a62e0000020405b40402080a23790cda000000000103030a",
         "02:00:00:00:00:01 > 02:00:00:00:00:02 IPv4 192.168.8.4 > 192.168.8.100 ttl 64 id 28139 "
         "DF "
         "TCP 56846 > 5672 [S] seq 790806904 ack 0 win 64240 "
         "<mss 1460,sack ok,timestamps 595135706 0,nop,wscale 10>"},
        {"020000000002 020000000001 0800 45000024d5f440004001d32bc0a80804c0a80864"
         "080081fe69f000010001020304050607",
         "02:00:00:00:00:01 > 02:00:00:00:00:02 IPv4 192.168.8.4 > 192.168.8.100 ttl 64 id 54772 "
         "DF "
         "ICMP type 8 code 0 rest 0x69f00001 8 bytes"},
        {"01005e000016 020000000001 0800 46c000280000400001023b4dc0a80804e0000016940400002200f9eb"
         "0000000104000000e0000012",
         "02:00:00:00:00:01 > 01:00:5e:00:00:16 IPv4 192.168.8.4 > 224.0.0.22 ttl 1 tos 0xc0 DF "
         "options 4 protocol 2 16 bytes"},
        {"01005e000012 020000000001 0800 45c0002800010000ff7011e6c0a80804e0000012"
         "2133640101014e5bc0a808643131313100000000",
         "02:00:00:00:00:01 > 01:00:5e:00:00:12 IPv4 192.168.8.4 > 224.0.0.18 ttl 255 tos 0xc0 id "
         "1 "
         "VRRP v2 vrid 51 priority 100"},
        {"ffffffffffff 020000000001 0806 0001080006040001020000000001c0a80864ffffffffffffc0a80864",
         "02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff ARP request 192.168.8.100 (02:00:00:00:00:01) for "
         "192.168.8.100 (ff:ff:ff:ff:ff:ff)"},
    };
    for (const Golden& golden : frames) {
        const Frame frame = from_hex(golden.hex);
        const Parsed p = parse(frame);
        EXPECT_EQ(p.error, ParseError::none) << golden.text;
        EXPECT_EQ(describe(frame), golden.text);
        const bool has_checksum = p.is_tcp() || p.is_icmp();
        EXPECT_TRUE(!has_checksum || is_l4_checksum_valid(frame, p)) << golden.text;
    }
}

// A copy of exactly the right size on the heap: ASan sees a read of one byte more.
Parsed parse_at_end_of_memory(ConstBytes frame) {
    const auto copy = std::make_unique<std::uint8_t[]>(frame.size());
    std::copy(frame.begin(), frame.end(), copy.get());
    const ConstBytes bytes(copy.get(), frame.size());
    const Parsed p = net::parse(bytes);
    if (p.ok() && p.fragment == Fragment::none && (p.is_tcp() || p.is_icmp()))
        is_l4_checksum_valid(bytes, p);
    return p;
}

TEST(Parse, EveryTruncationIsTotal) {
    const Frame samples[] = {
        PacketBuilder().arp_request("10.0.0.1", "10.0.0.2"),
        segment().mss(1460).timestamps(1, 2),
        segment().vlan(1).ip_options({1, 1, 1, 0}),
        segment().fragment(8, true),
        v4().udp(1, 2).payload("x"),
        v4().echo_request(1, 2).payload("ping"),
        v4().vrrp_v2(51, 100, 1, {"192.168.8.100"}, "1111"),
        v6().tcp(1, 2, "S").mss(1440),
        v6().echo_request(1, 2),
        v6().tcp(1, 2, "A").extension(0, Frame(8)).extension(43, Frame(8)).fragment(0, true),
    };
    for (const Frame& frame : samples) {
        ASSERT_TRUE(parse(frame).ok()) << describe(frame);
        for (std::size_t bytes = 0; bytes < frame.size(); ++bytes) {
            const Parsed p = parse_at_end_of_memory(ConstBytes(frame).first(bytes));
            EXPECT_FALSE(p.ok()) << bytes << " bytes of " << describe(frame);
            EXPECT_LE(p.packet_end(), bytes + 1);
        }
    }
}

// Whatever a single changed byte makes of it, the offsets stay inside the frame.
TEST(Parse, EveryChangedByteIsTotal) {
    Frame frame = v6().tcp(1, 2, "S").extension(0, Frame(8)).fragment(0, false).mss(1440);
    for (std::uint8_t& byte : frame) {
        const std::uint8_t before = byte;
        for (unsigned value = 0; value < 256; ++value) {
            byte = static_cast<std::uint8_t>(value);
            const Parsed p = parse_at_end_of_memory(frame);
            if (!p.ok()) continue;
            EXPECT_LE(p.l3_offset, p.l4_offset);
            EXPECT_LE(p.l4_offset, p.payload_offset);
            EXPECT_LE(p.packet_end(), frame.size());
        }
        byte = before;
    }
}

// What a router quotes: the IP header and at least 8 bytes behind it.
Frame quote(const Frame& frame, std::size_t bytes) {
    return {frame.begin() + 14, frame.begin() + 14 + static_cast<std::ptrdiff_t>(bytes)};
}

TEST(ParseQuoted, FindsTheFlowOfAnIcmpError) {  // RFC 792, RFC 4443 3
    const Frame lost = segment().seq(99);
    const Frame error =
        PacketBuilder().ip("10.9.9.9", "10.0.0.1").icmp(3, 4, 1400).payload(quote(lost, 28));
    const Parsed q = parse_quoted(error, parse(error));
    EXPECT_EQ(q.network, Network::ipv4);
    EXPECT_EQ(q.source, address("10.0.0.1"));
    EXPECT_EQ(q.destination, address("10.0.0.2"));
    EXPECT_EQ(q.source_port.host(), 40000);
    EXPECT_EQ(q.destination_port.host(), 5672);
    EXPECT_EQ(q.sequence, 99U);
    EXPECT_EQ(q.l3_offset, 42);
    EXPECT_EQ(q.l4_offset, 62);

    const Frame lost6 = v6().extension(60, Frame(8)).tcp(1, 2, "A").seq(7);
    const Frame error6 =
        PacketBuilder().ip("2001:db8::9", "2001:db8::1").icmp(2, 0, 1280).payload(quote(lost6, 56));
    const Parsed q6 = parse_quoted(error6, parse(error6));
    EXPECT_EQ(q6.network, Network::ipv6);
    EXPECT_EQ(q6.destination_port.host(), 2);
    EXPECT_EQ(q6.sequence, 7U);
}

TEST(ParseQuoted, IsNoneWhenTooLittleIsQuotedOrItIsNoError) {
    const Frame lost = segment();
    for (std::size_t bytes = 0; bytes < 28; ++bytes) {
        const Frame error = v4().icmp(3, 4, 1400).payload(quote(lost, bytes));
        EXPECT_EQ(parse_quoted(error, parse(error)).network, Network::other) << bytes;
    }
    const Frame lost6 = v6().tcp(1, 2, "A");
    for (std::size_t bytes = 0; bytes < 48; ++bytes) {
        const Frame error = v6().icmp(1, 0, 0).payload(quote(lost6, bytes));
        EXPECT_EQ(parse_quoted(error, parse(error)).network, Network::other) << bytes;
    }
    const Frame later = segment().fragment(8, true);
    for (const PacketBuilder& no_flow : {v4().echo_request(1, 2).payload(quote(lost, 28)),
                                         v6().echo_request(1, 2).payload(quote(lost6, 48)),
                                         segment(), v4().icmp(3, 4, 0).payload(quote(later, 28)),
                                         v4().icmp(3, 4, 0).payload(quote(lost6, 48))}) {
        const Frame frame = no_flow;
        EXPECT_EQ(parse_quoted(frame, parse(frame)).network, Network::other) << describe(frame);
    }
}

TEST(L4Checksum, IsCheckedForEachProtocolAndFamily) {
    for (const PacketBuilder& builder :
         {segment(), v4().udp(1, 2).payload("abc"), v4().echo_request(1, 2).payload("abc"),
          v6().tcp(1, 2, "A").payload("abc"), v6().udp(1, 2), v6().echo_request(1, 2)}) {
        const Frame good = PacketBuilder(builder).pad_to(90);
        EXPECT_TRUE(is_l4_checksum_valid(good, parse(good))) << describe(good);
        const Frame bad = PacketBuilder(builder).bad_l4_checksum();
        EXPECT_FALSE(is_l4_checksum_valid(bad, parse(bad))) << describe(bad);
    }
}

TEST(L4Checksum, UdpWithoutOneIsValidInIpv4Only) {  // RFC 768, RFC 8200 8.1
    const Frame four = v4().udp(1, 2).no_udp_checksum();
    EXPECT_TRUE(is_l4_checksum_valid(four, parse(four)));
    const Frame six = v6().udp(1, 2).no_udp_checksum();
    EXPECT_FALSE(is_l4_checksum_valid(six, parse(six)));
}

}  // namespace
}  // namespace warren::net
