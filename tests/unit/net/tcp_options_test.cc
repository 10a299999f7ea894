// SPDX-License-Identifier: BSD-3-Clause
// TCP options: reading, and the changes made to a SYN.
#include "net/tcp_options.h"

#include <gtest/gtest.h>

#include "net/parse.h"
#include "packets/packet_builder.h"

namespace warren::net {
namespace {

using packets::describe;
using packets::Frame;
using packets::from_hex;
using packets::PacketBuilder;

PacketBuilder syn() {
    return PacketBuilder().ip("10.0.0.1", "10.0.0.2").tcp(1, 2, "S");
}

Bytes tcp_header(Frame& frame) {
    const Parsed p = parse(frame);
    return Bytes(frame).subspan(p.l4_offset, p.payload_offset - p.l4_offset);
}

TEST(TcpOptions, ReadsWhatASynOffers) {
    const Frame options = from_hex("020405b4 0402 080a 00000007 00000009 01 030307");
    const TcpOptions o = read_tcp_options(options);
    EXPECT_TRUE(o.well_formed);
    EXPECT_EQ(o.mss, 1460);
    EXPECT_EQ(o.window_scale, 7);
    EXPECT_TRUE(o.sack_permitted);
    ASSERT_TRUE(o.timestamps);
    EXPECT_EQ(o.timestamps->value.host(), 7U);
    EXPECT_EQ(o.timestamps->echo_reply.host(), 9U);
}

TEST(TcpOptions, ReadsSackBlocks) {
    const Frame options = from_hex("0101 0512 00000001 00000002 00000003 00000004");
    const TcpOptions o = read_tcp_options(options);
    ASSERT_EQ(o.sack_blocks.size(), 2 * sizeof(SackBlock));
    EXPECT_EQ(load<SackBlock>(o.sack_blocks, 8).left.host(), 3U);
}

TEST(TcpOptions, SurvivesWrongLengths) {
    struct Case {
        const char* hex;
        bool well_formed;
        bool mss_seen;
    };
    for (const Case& c : {Case{"", true, false}, Case{"00", true, false}, Case{"02", false, false},
                          Case{"0200", false, false}, Case{"0201", false, false},
                          Case{"020405", false, false}, Case{"020405b4 08ff", false, true},
                          Case{"020405b4 00 ffff", true, true}, Case{"0203 05 00", true, false},
                          Case{"01010101", true, false}, Case{"0802", true, false}}) {
        const TcpOptions o = read_tcp_options(from_hex(c.hex));
        EXPECT_EQ(o.well_formed, c.well_formed) << c.hex;
        EXPECT_EQ(o.mss.has_value(), c.mss_seen) << c.hex;
        EXPECT_FALSE(o.timestamps) << c.hex;
    }
}

TEST(BlankTimestamps, LeavesNoOperationAndARightChecksum) {
    Frame frame = syn().mss(1460).timestamps(0x12345678, 0x9abcdef0).option({3, 3, 7});
    ASSERT_TRUE(blank_option(tcp_header(frame), TcpOption::timestamps));
    EXPECT_EQ(describe(frame),
              "02:00:00:00:00:01 > 02:00:00:00:00:02 IPv4 10.0.0.1 > 10.0.0.2 ttl 64 DF "
              "TCP 1 > 2 [S] seq 0 ack 0 win 65535 "
              "<mss 1460,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,wscale 7>");
}

TEST(BlankTimestamps, WorksAtAnOddOffset) {
    Frame frame = syn().option({1}).timestamps(0x12345678, 0x9abcdef0);
    ASSERT_TRUE(blank_option(tcp_header(frame), TcpOption::timestamps));
    EXPECT_TRUE(is_l4_checksum_valid(frame, parse(frame))) << describe(frame);
}

TEST(BlankTimestamps, ChangesNothingWithoutOne) {
    Frame frame = syn().mss(1460).payload("\x08\x0a");
    const Frame before = frame;
    EXPECT_FALSE(blank_option(tcp_header(frame), TcpOption::timestamps));
    EXPECT_EQ(frame, before);
}

TEST(ClampMss, LowersOnly) {
    Frame high = syn().mss(1460);
    EXPECT_TRUE(clamp_mss(tcp_header(high), 1400));
    EXPECT_EQ(describe(high), describe(Frame(syn().mss(1400))));
    Frame low = syn().mss(536);
    EXPECT_FALSE(clamp_mss(tcp_header(low), 1400));
    EXPECT_EQ(low, Frame(syn().mss(536)));
    Frame odd = syn().option({1}).mss(1460);
    EXPECT_TRUE(clamp_mss(tcp_header(odd), 1432));
    EXPECT_EQ(odd, Frame(syn().option({1}).mss(1432)));
}

}  // namespace
}  // namespace warren::net
