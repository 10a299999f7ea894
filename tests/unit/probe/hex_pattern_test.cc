// SPDX-License-Identifier: BSD-3-Clause
#include "probe/hex_pattern.h"

#include <gtest/gtest.h>

namespace warren::probe {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(HexPattern, ReadsKeepalivedsExample) {
    const auto pattern = read_hex("Ab12f 3 456 546443123", false);
    ASSERT_TRUE(pattern);
    EXPECT_EQ(pattern->bytes,
              (Bytes{0xab, 0x12, 0x0f, 0x03, 0x45, 0x06, 0x54, 0x64, 0x43, 0x12, 0x03}));
}

TEST(HexPattern, XIsAnyFourBitsInAReply) {
    const auto pattern = read_hex("aX xx 1", true);
    ASSERT_TRUE(pattern);
    EXPECT_TRUE(matches(*pattern, Bytes{0xa7, 0x99, 0x01}));
    EXPECT_FALSE(matches(*pattern, Bytes{0xb7, 0x99, 0x01}));
    EXPECT_FALSE(matches(*pattern, Bytes{0xa7, 0x99, 0x11}));
    EXPECT_FALSE(read_hex("aX", false)) << "a payload says all of its bits";
}

TEST(HexPattern, ComparesAsFarAsBothGo) {
    const auto pattern = read_hex("01 02", true);
    EXPECT_TRUE(matches(*pattern, Bytes{1}));
    EXPECT_TRUE(matches(*pattern, Bytes{1, 2, 3}));
    EXPECT_FALSE(matches(*pattern, Bytes{1, 3}));
}

TEST(HexPattern, RefusesOtherText) {
    EXPECT_FALSE(read_hex("", true));
    EXPECT_FALSE(read_hex("  ", true));
    EXPECT_FALSE(read_hex("0g", true));
}

}  // namespace
}  // namespace warren::probe
