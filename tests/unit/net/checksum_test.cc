// SPDX-License-Identifier: BSD-3-Clause
// Checksums against a slow word-by-word one: whole (RFC 1071) and incremental (RFC 1624).
#include "net/checksum.h"

#include <gtest/gtest.h>

#include <random>

#include "packets/packet_builder.h"

namespace warren::net {
namespace {

using packets::Frame;
using packets::from_hex;
using packets::slow_checksum;

Be16 slow(ConstBytes bytes) {
    return Be16(slow_checksum(bytes));
}

TEST(Checksum, Rfc1071Example) {
    const Frame bytes = from_hex("0001 f203 f4f5 f6f7");
    EXPECT_EQ(fold(add_to_sum(0, bytes)), Be16(0xddf2).raw());
    EXPECT_EQ(internet_checksum(bytes).host(), 0x220d);
}

TEST(Checksum, EveryLengthEqualsTheSlowOne) {
    std::mt19937 random(1);
    for (std::size_t length = 0; length <= 200; ++length) {
        Frame bytes(length);
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(random());
        EXPECT_EQ(internet_checksum(bytes), slow(bytes)) << length << " bytes";
    }
}

TEST(Checksum, ExtremesOfAnyLengthEqualTheSlowOne) {
    for (const int byte : {0x00, 0x7f, 0x80, 0xff})
        for (const std::size_t length : {127U, 128U, 1460U, 65'535U, (1U << 22) + 3}) {
            const Frame bytes(length, static_cast<std::uint8_t>(byte));
            EXPECT_EQ(internet_checksum(bytes), slow(bytes)) << length << " times " << byte;
        }
}

TEST(Checksum, FoldKeepsOnlyZeroZero) {
    EXPECT_EQ(fold(0), 0);
    EXPECT_EQ(fold(0xffff), 0xffff);
    EXPECT_EQ(fold(0x1fffe), 0xffff);
    EXPECT_EQ(fold(~std::uint64_t{0}), 0xffff);
}

TEST(Checksum, ValidDataIncludesItsChecksum) {
    Frame header = from_hex("4500003c1c4640004006 0000 ac100a63 ac100a0c");
    store(header, 10, internet_checksum(header));
    EXPECT_TRUE(is_checksum_valid(header));
    header[3] ^= 1;
    EXPECT_FALSE(is_checksum_valid(header));
}

// RFC 1624 section 4: equation 2 of RFC 1141 gets this one wrong (0xffff).
TEST(Delta, Rfc1624CornerCase) {
    ChecksumDelta delta;
    delta.replace(Be16(0x5555), Be16(0x3285));
    EXPECT_EQ(delta.apply(Be16(0xdd2f)).host(), 0x0000);
}

TEST(Delta, NoChangeKeepsTheChecksum) {
    EXPECT_EQ(ChecksumDelta().apply(Be16(0x1234)).host(), 0x1234);
    ChecksumDelta same;
    same.replace(Be16(0xabcd), Be16(0xabcd));
    for (const std::uint16_t checksum : {0x0000, 0x0001, 0x1234, 0xfffe})
        EXPECT_EQ(same.apply(Be16(checksum)).host(), checksum);
}

// Data with words out of {0, 1, 0xfffe, 0xffff}, where carries and both zeros meet.
Frame corner_data(std::mt19937& random, std::size_t length) {
    Frame bytes(length);
    constexpr std::uint16_t corners[] = {0x0000, 0x0001, 0xfffe, 0xffff};
    for (std::size_t i = 0; i + 1 < length; i += 2)
        store(bytes, i, Be16(corners[random() % 4]));
    bytes[0] |= 1;  // an IP packet is never all zero, so its sum is never
    return bytes;
}

Frame random_data(std::mt19937& random, std::size_t length) {
    Frame bytes(length);
    for (auto& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return bytes;
}

TEST(Delta, EqualsFullComputationWhateverChanges) {
    std::mt19937 random(2);
    for (int round = 0; round < 20000; ++round) {
        const bool corners = round % 2 == 0;
        Frame data = corners ? corner_data(random, 48) : random_data(random, 48);
        const Frame other = corners ? corner_data(random, 48) : random_data(random, 48);
        const Be16 before = slow(data);
        ChecksumDelta delta;

        delta.replace(load<Be16>(data, 2), load<Be16>(other, 2));
        store(data, 2, load<Be16>(other, 2));
        delta.replace(load<Be32>(data, 4), load<Be32>(other, 4));
        store(data, 4, load<Be32>(other, 4));
        delta.replace(load<Ipv6Bytes>(data, 8), load<Ipv6Bytes>(other, 8));
        store(data, 8, load<Ipv6Bytes>(other, 8));
        for (const std::size_t at : {30U, 31U, 33U}) {
            delta.replace_byte(at, data[at], other[at]);
            data[at] = other[at];
        }

        ASSERT_EQ(delta.apply(before), slow(data)) << packets::hex_dump(data);
    }
}

TEST(Delta, AWrongChecksumStaysWrongByAsMuch) {
    Frame data = from_hex("0102 0304 0506");
    const Be16 wrong(static_cast<std::uint16_t>(slow(data).host() ^ 0x0100));
    ChecksumDelta delta;
    delta.replace(Be16(0x0304), Be16(0x9999));
    store(data, 2, Be16(0x9999));
    EXPECT_NE(delta.apply(wrong), slow(data));
}

TEST(Delta, ReplacesAPseudoHeaderByTheOtherFamilys) {
    const Ipv6Bytes source{0x20, 1, 0xd, 0xb8, 1};
    const Ipv6Bytes destination{0x20, 1, 0xd, 0xb8, 2};
    const Frame l4 = from_hex("9c40 1628 0000 0001 aa");
    const auto four = pseudo_header_sum(Be32(1), Be32(2), IpProtocol::tcp, l4.size());
    const auto six = pseudo_header_sum(source, destination, IpProtocol::tcp, l4.size());
    ChecksumDelta delta;
    delta.replace_sum(four, six);
    EXPECT_EQ(delta.apply(checksum_of(add_to_sum(four, l4))), checksum_of(add_to_sum(six, l4)));
}

}  // namespace
}  // namespace warren::net
