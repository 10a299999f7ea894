// SPDX-License-Identifier: BSD-3-Clause
// What a card does for its sender, done by us: the pieces are what the sender would have sent.
#include "net/segmentation.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/headers.h"
#include "packets/packet_builder.h"

namespace warren::net {
namespace {

using packets::Frame;
using packets::PacketBuilder;

struct Ends {
    const char* source;
    const char* destination;
};
constexpr Ends families[] = {{"10.0.0.1", "10.0.0.2"}, {"2001:db8::1", "2001:db8::2"}};

PacketBuilder segment(const Ends& ends, const char* flags, std::uint32_t sequence,
                      const std::string& payload) {
    return PacketBuilder()
        .ip(ends.source, ends.destination)
        .tcp(4000, 5672, flags)
        .seq(sequence)
        .ack(7)
        .timestamps(1, 2)
        .payload(payload);
}

std::vector<Frame> pieces(const Frame& whole, std::size_t bytes) {
    const Parsed parsed = parse(whole);
    std::vector<Frame> all;
    for (std::size_t i = 0; i < pieces_of(parsed, bytes); ++i) {
        Frame into(2048);
        into.resize(write_piece(into, whole, parsed, bytes, i));
        all.push_back(into);
    }
    return all;
}

TEST(Segmentation, PiecesAreSegmentsOfTheirOwn) {
    for (const Ends& ends : families) {
        const auto made = pieces(segment(ends, "PA", 0xfffffffe, "abcdefgh").id(9).build(), 3);
        ASSERT_EQ(made.size(), 3U);
        EXPECT_EQ(made[0], segment(ends, "A", 0xfffffffe, "abc").id(9).build());
        EXPECT_EQ(made[1], segment(ends, "A", 1, "def").id(10).build());
        EXPECT_EQ(made[2], segment(ends, "PA", 4, "gh").id(11).build());
    }
}

TEST(Segmentation, FinStaysWithTheLastPiece) {
    for (const Ends& ends : families) {
        const auto made = pieces(segment(ends, "FPA", 5, "abcd").id(1).build(), 2);
        ASSERT_EQ(made.size(), 2U);
        EXPECT_EQ(made[0], segment(ends, "A", 5, "ab").id(1).build());
        EXPECT_EQ(made[1], segment(ends, "FPA", 7, "cd").id(2).build());
    }
}

TEST(Segmentation, WhatFitsIsOnePiece) {
    for (const Ends& ends : families) {
        const Frame whole = segment(ends, "PA", 5, "abcd").build();
        EXPECT_EQ(pieces(whole, 4), std::vector<Frame>{whole});
        const Frame empty = segment(ends, "A", 5, "").build();
        EXPECT_EQ(pieces(empty, 4), std::vector<Frame>{empty});
    }
}

TEST(Segmentation, NothingIsWrittenWhereThereIsNoRoom) {
    const Frame whole = segment(families[0], "PA", 5, "abcdefgh").build();
    Frame into(whole.size() - 5);
    EXPECT_EQ(write_piece(into, whole, parse(whole), 4, 0), 0U);
}

TEST(Segmentation, WhatWasCutGoesTogetherAgain) {
    for (const Ends& ends : families) {
        const auto made = pieces(segment(ends, "PA", 0xfffffffe, "abcdefgh").id(9).build(), 3);
        const Parsed first = parse(made[0]);
        EXPECT_TRUE(continues(made[0], first, 3, made[1], parse(made[1])));
        EXPECT_TRUE(continues(made[0], first, 6, made[2], parse(made[2])));
        EXPECT_FALSE(continues(made[0], first, 6, made[1], parse(made[1]))) << "a gap";

        Frame all = made[0];
        Parsed parsed = first;
        all.insert(all.end(), {'d', 'e', 'f', 'g', 'h'});
        extend_headers(all, parsed, 8);
        fill_checksum(all, parsed);
        EXPECT_EQ(all, segment(ends, "A", 0xfffffffe, "abcdefgh").id(9).build());
    }
}

TEST(Segmentation, OthersDoNotGoTogether) {
    for (const Ends& ends : families) {
        const Frame first = segment(ends, "A", 100, "abc").build();
        const auto goes = [&](const Frame& next) {
            return continues(first, parse(first), 3, next, parse(next));
        };
        const auto next = [&] { return segment(ends, "A", 103, "def"); };
        EXPECT_TRUE(goes(next().build()));
        EXPECT_TRUE(goes(segment(ends, "FPA", 103, "de").build()));
        EXPECT_FALSE(goes(segment(ends, "A", 103, "defg").build())) << "longer";
        EXPECT_FALSE(goes(segment(ends, "A", 103, "").build())) << "no payload";
        EXPECT_FALSE(goes(segment(ends, "SA", 103, "def").build()));
        EXPECT_FALSE(goes(segment(ends, "RA", 103, "def").build()));
        EXPECT_FALSE(goes(segment(ends, "UA", 103, "def").build()));
        EXPECT_FALSE(goes(next().ack(8).build()));
        EXPECT_FALSE(goes(next().window(1).build()));
        EXPECT_FALSE(goes(next().ttl(3).build()));
        EXPECT_FALSE(goes(next().tos(3).build()));
        EXPECT_FALSE(goes(next().ethernet("02:00:00:00:00:09", "02:00:00:00:00:02").build()));
        EXPECT_FALSE(goes(next().option({8, 10, 0, 0, 0, 1, 0, 0, 0, 3}).build()));
        EXPECT_FALSE(goes(next().tcp(4001, 5672, "A").build()));
        const Ends other{ends.destination, ends.source};
        EXPECT_FALSE(goes(segment(other, "A", 103, "def").build()));
    }
}

// A sender that leaves the field to its card writes the pseudo header's sum there.
TEST(Segmentation, AnOpenChecksumIsFilledIn) {
    for (const Ends& ends : families) {
        const Frame right = segment(ends, "PA", 5, "abcde").build();
        Frame frame = right;
        open_checksum(frame, parse(frame));
        EXPECT_NE(frame, right);
        EXPECT_FALSE(is_l4_checksum_valid(frame, parse(frame)));
        fill_checksum(frame, parse(frame));
        EXPECT_EQ(frame, right);

        const Frame datagram =
            PacketBuilder().ip(ends.source, ends.destination).udp(1, 2).payload("odd").build();
        frame = datagram;
        open_checksum(frame, parse(frame));
        fill_checksum(frame, parse(frame));
        EXPECT_EQ(frame, datagram);
    }
}

}  // namespace
}  // namespace warren::net
