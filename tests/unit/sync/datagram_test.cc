// SPDX-License-Identifier: BSD-3-Clause
#include "sync/datagram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace warren::sync {
namespace {

using Bytes = std::vector<std::uint8_t>;

const Header header{.version = 1,
                    .kind = Kind::records,
                    .records = 3,
                    .flags = datagram_flag::urgent,
                    .sender_nonce = 0x0102030405060708,
                    .receiver_nonce = 0x1112131415161718,
                    .sequence = 0x2122232425262728,
                    .oldest_unresolved = 0x2122232425262700,
                    .time_us = 0x31323334,
                    .echoed_time_us = 0x41424344,
                    .key_id = 0x51525354};

Bytes built(const Header& h, const Bytes& payload) {
    std::array<std::uint8_t, max_datagram_bytes> room{};
    room.fill(0xee);
    const net::Bytes all = build(h, payload, room);
    return {all.begin(), all.end()};
}

bool is_malformed(const Bytes& bytes) {
    const auto parsed = parse(bytes);
    return parsed.index() == 1 && std::get<Discard>(parsed) == Discard::malformed;
}

TEST(Datagram, EachFieldStandsInItsPlace) {
    const Bytes expected = {0x57, 0x42, 1,    1,    0,    2,    3,    1,    1,    2,    3,
                            4,    5,    6,    7,    8,    0x11, 0x12, 0x13, 0x14, 0x15, 0x16,
                            0x17, 0x18, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0,
                            0,    0,    0x28, 0x31, 0x32, 0x33, 0x34, 0x41, 0x42, 0x43, 0x44,
                            0x51, 0x52, 0x53, 0x54, 0xaa, 0xbb, 0,    0,    0,    0,    0,
                            0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0};
    const Bytes bytes = built(header, {0xaa, 0xbb});
    EXPECT_EQ(bytes, expected);
    const auto parsed = parse(bytes);
    ASSERT_EQ(parsed.index(), 0U);
    const Datagram& datagram = std::get<Datagram>(parsed);
    EXPECT_EQ(datagram.header, header);
    EXPECT_TRUE(std::ranges::equal(datagram.payload, Bytes{0xaa, 0xbb}));
}

TEST(Datagram, TheTagIsBehindWhatItCovers) {
    Bytes bytes = built(header, {0xaa, 0xbb});
    EXPECT_EQ(covered(bytes).size(), header_bytes + 2);
    EXPECT_EQ(tag_of(net::ConstBytes(bytes)).data(), bytes.data() + header_bytes + 2);
    std::ranges::fill(tag_of(net::Bytes(bytes)), std::uint8_t{0xcc});
    EXPECT_EQ(bytes.back(), 0xcc);
    EXPECT_EQ(parse(bytes).index(), 0U);
}

TEST(Datagram, AnyOtherLengthIsMalformed) {
    const Bytes bytes = built(header, {0xaa, 0xbb});
    for (std::size_t length = 0; length < bytes.size(); ++length)
        EXPECT_TRUE(
            is_malformed({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)}));
    Bytes longer = bytes;
    longer.push_back(0);
    EXPECT_TRUE(is_malformed(longer));
    EXPECT_TRUE(is_malformed(Bytes(max_datagram_bytes + 1)));
    EXPECT_EQ(parse(built(header, Bytes(max_payload_bytes))).index(), 0U);
}

TEST(Datagram, ForeignBytesAreMalformed) {
    Bytes bytes = built(header, {});
    bytes[0] ^= 1;
    EXPECT_TRUE(is_malformed(bytes));
}

TEST(Datagram, OnlyAHelloMayBeForNobody) {
    Header h = header;
    h.receiver_nonce = 0;
    EXPECT_TRUE(is_malformed(built(h, {})));
    h.kind = Kind::hello;
    EXPECT_FALSE(is_malformed(built(h, {})));
    h.sender_nonce = 0;
    EXPECT_TRUE(is_malformed(built(h, {})));
}

TEST(Datagram, NothingIsUnresolvedBeforeTheFirstSequence) {
    Header h = header;
    h.sequence = 5;
    h.oldest_unresolved = 5 - 6ULL;
    EXPECT_TRUE(is_malformed(built(h, {})));
}

}  // namespace
}  // namespace warren::sync
