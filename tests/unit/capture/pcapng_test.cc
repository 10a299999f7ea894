// SPDX-License-Identifier: BSD-3-Clause
// The blocks byte by byte, as the format's draft writes them (little-endian machines).
#include "capture/pcapng.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace warren::capture {
namespace {

std::string hex(const std::string& bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        char digits[4];
        std::snprintf(digits, sizeof(digits), "%02x", static_cast<unsigned char>(bytes[i]));
        text += (i != 0 && i % 4 == 0 ? " " : "") + std::string(digits);
    }
    return text;
}

TEST(Pcapng, ASectionSaysWhoWroteIt) {
    EXPECT_EQ(hex(section_block("warren")),
              "0a0d0d0a 2c000000 4d3c2b1a 01000000 ffffffff ffffffff "  // any length
              "04000600 77617272 656e0000 00000000 2c000000");
}

TEST(Pcapng, AnInterfaceIsEthernetInNanoseconds) {
    EXPECT_EQ(hex(interface_block("eth0 in", 256)),
              "01000000 2c000000 01000000 00010000 02000700 65746830 20696e00 "
              "09000100 09000000 00000000 2c000000");
}

TEST(Pcapng, APacketHasItsIdItsWayAndAComment) {
    const std::array<std::uint8_t, 5> frame{1, 2, 3, 4, 5};
    const PacketBlock packet{.interface = 2,
                             .time_ns = 0x1122334455667788,
                             .kept = frame,
                             .bytes = 60,
                             .direction = Direction::outbound,
                             .id = 9,
                             .comment = "made"};
    EXPECT_EQ(hex(packet_block(packet)),
              "06000000 48000000 02000000 44332211 88776655 05000000 3c000000 "
              "01020304 05000000 01000400 6d616465 02000400 02000000 "
              "05000800 09000000 00000000 00000000 48000000");
}

TEST(Pcapng, StatisticsCountWhatWasLost) {
    EXPECT_EQ(hex(statistics_block(1, 0x0000000500000006, 7, 8)),
              "05000000 34000000 01000000 05000000 06000000 04000800 07000000 00000000 "
              "05000800 08000000 00000000 00000000 34000000");
}

TEST(Pcapng, ATextIsCutWhereItsLengthEnds) {
    const std::string block = section_block(std::string(70'000, 'x'));
    EXPECT_EQ(block.size(), 24U + 4 + 65'536 + 4 + 4);
    EXPECT_EQ(block.size() % 4, 0U);
}

}  // namespace
}  // namespace warren::capture
