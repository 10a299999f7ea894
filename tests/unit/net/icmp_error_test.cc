// SPDX-License-Identifier: BSD-3-Clause
// ICMP errors that we send and that pass through us. What they do to flows is in tests/datapath.
#include "net/icmp_error.h"

#include <gtest/gtest.h>

#include "packets/packet_builder.h"

namespace warren::net {
namespace {

using packets::address;
using packets::describe;
using packets::Frame;
using packets::PacketBuilder;

Frame error_about(const Frame& frame, const char* own, IcmpErrorKind kind, std::uint16_t mtu = 0) {
    Frame out(2048, 0xee);
    out.resize(build_icmp_error(out, frame, parse(frame), address(own), kind, mtu));
    return out;
}

TEST(BuildIcmpError, GoesBackTheWayThePacketCameAndQuotesIt) {
    const Frame packet = PacketBuilder().ip("10.0.0.1", "10.0.0.2").tcp(4000, 5672, "A").pad_to(90);
    const std::string line =
        describe(error_about(packet, "10.0.0.2", IcmpErrorKind::time_exceeded));
    EXPECT_EQ(line.find("02:00:00:00:00:02 > 02:00:00:00:00:01 IPv4 10.0.0.2 > 10.0.0.1 ttl 64 DF "
                        "ICMP type 11 code 0 rest 0x00000000"),
              0U)
        << line;
    EXPECT_EQ(line.find("BAD"), std::string::npos) << line;
    EXPECT_EQ(error_about(packet, "10.0.0.2", IcmpErrorKind::time_exceeded).size(),
              14U + 20 + 8 + 40)
        << "padding is no part of the packet";
}

// RFC 1812 4.3.2.3: the message is at most 576 bytes. RFC 4443 2.4 (c): the minimum IPv6 MTU.
TEST(BuildIcmpError, QuotesNoMoreThanItMay) {
    const Frame four =
        PacketBuilder().ip("10.0.0.1", "10.0.0.2").tcp(1, 2, "A").payload(Frame(1400, 'x'));
    EXPECT_EQ(error_about(four, "10.0.0.2", IcmpErrorKind::too_big, 1380).size(), 14U + 576);
    const Frame six =
        PacketBuilder().ip("2001:db8::1", "2001:db8::2").tcp(1, 2, "A").payload(Frame(1400, 'x'));
    const Frame error = error_about(six, "2001:db8::2", IcmpErrorKind::too_big, 1380);
    EXPECT_EQ(error.size(), 14U + 1280);
    EXPECT_NE(describe(error).find("ICMP type 2 code 0 rest 0x00000564"), std::string::npos);
    EXPECT_EQ(describe(error).find("BAD"), std::string::npos);
}

TEST(BuildIcmpError, InPlaceOrWithoutRoom) {
    Frame packet = PacketBuilder().ip("10.0.0.1", "10.0.0.2").tcp(4000, 5672, "A");
    const Frame expected = error_about(packet, "10.0.0.2", IcmpErrorKind::time_exceeded);
    const Parsed parsed = parse(packet);
    EXPECT_EQ(
        build_icmp_error(packet, packet, parsed, address("10.0.0.2"), IcmpErrorKind::time_exceeded),
        0U);
    packet.resize(packet.size() + 28);
    packet.resize(build_icmp_error(packet, packet, parsed, address("10.0.0.2"),
                                   IcmpErrorKind::time_exceeded));
    EXPECT_EQ(packet, expected);
}

// A router may have quoted 8 bytes only, and its own damage to the quote is not ours to judge.
TEST(RewriteIcmpError, ChangesWhatIsQuotedAndNoMore) {
    const Frame inner =
        PacketBuilder().ip("10.0.0.1", "10.0.0.2").tcp(4000, 5672, "A").seq(7).ack(9);
    for (const std::size_t quote : {28U, 31U, 32U, 37U, 38U, 40U}) {
        Frame frame =
            PacketBuilder()
                .ip("10.9.9.9", "10.0.0.1")
                .icmp(3, 1, 0)
                .payload(Frame(inner.begin() + 14, inner.begin() + 14 + static_cast<int>(quote)));
        const std::size_t size = frame.size();
        const Parsed message = parse(frame);
        rewrite_icmp_error(frame, message, parse_quoted(frame, message),
                           {.source = address("10.1.1.1"),
                            .destination = address("10.1.1.2"),
                            .quoted_source = address("10.1.1.2"),
                            .quoted_destination = address("10.1.1.3"),
                            .quoted_source_port = Be16(1),
                            .quoted_destination_port = Be16(2),
                            .add_to_sequence = 100,
                            .add_to_acknowledgement = 1000});
        ASSERT_EQ(frame.size(), size);
        const Parsed after = parse(frame);
        ASSERT_TRUE(after.ok());
        EXPECT_TRUE(is_l4_checksum_valid(frame, after)) << quote;
        const Parsed quoted = parse_quoted(frame, after);
        EXPECT_EQ(quoted.sequence, 107U);
        EXPECT_EQ(quoted.source, address("10.1.1.2"));
        EXPECT_EQ(quoted.destination_port, Be16(2));
        if (quote < 40) continue;
        Frame whole(14, 0);
        whole[12] = 8;
        whole.insert(whole.end(), frame.begin() + 42, frame.end());
        EXPECT_NE(describe(whole).find("TCP 1 > 2 [A] seq 107 ack 1009"), std::string::npos);
        EXPECT_EQ(describe(whole).find("BAD"), std::string::npos) << describe(whole);
    }
}

}  // namespace
}  // namespace warren::net
