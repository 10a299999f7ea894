// SPDX-License-Identifier: BSD-3-Clause
// What a packet measures behind us, and the largest segment that two links carry.
#include "net/crossing.h"

#include <gtest/gtest.h>

#include "packets/packet_builder.h"

namespace warren::net {
namespace {

const IpAddress node_v4 = *IpAddress::parse("192.168.8.11");
const IpAddress node_v6 = *IpAddress::parse("2001:db8::11");

Crossing crossing_of(const packets::Frame& frame, const IpAddress& destination) {
    const Parsed parsed = parse(frame);
    return {parsed, parsed.packet_end() - parsed.l3_offset, destination};
}

TEST(Crossing, WithinAFamilyNothingChanges) {
    const packets::Frame frame = packets::PacketBuilder()
                                     .ip("192.168.8.50", "192.168.8.100")
                                     .tcp(4000, 5672, "PA")
                                     .payload("hello");
    const Crossing crossing = crossing_of(frame, node_v4);
    EXPECT_FALSE(crossing.changes_family());
    EXPECT_TRUE(crossing.leaves_as_v4());
    EXPECT_EQ(crossing.leaving_bytes(), 45U);
    EXPECT_EQ(crossing.arriving_bytes(1500), 1500U);
}

TEST(Crossing, FromIpv4ToIpv6ItGrowsByTwentyBytes) {
    const packets::Frame frame = packets::PacketBuilder()
                                     .ip("192.168.8.50", "192.168.8.100")
                                     .tcp(4000, 5672, "PA")
                                     .payload("hello");
    const Crossing crossing = crossing_of(frame, node_v6);
    EXPECT_TRUE(crossing.changes_family());
    EXPECT_FALSE(crossing.leaves_as_v4());
    EXPECT_EQ(crossing.leaving_bytes(), 65U);
    EXPECT_EQ(crossing.arriving_bytes(1500), 1480U);
}

TEST(Path, TheSmallerLinkLimitsTheSegment) {
    EXPECT_EQ((Path{{true, 1500}, {true, 1500}}.largest_mss()), 1460U);
    EXPECT_EQ((Path{{true, 1500}, {false, 1500}}.largest_mss()), 1440U);
    EXPECT_EQ((Path{{true, 1400}, {false, 9000}}.largest_mss()), 1360U);
    EXPECT_EQ((Path{{true, 40}, {true, 1500}}.largest_mss()), 0U);
}

}  // namespace
}  // namespace warren::net
