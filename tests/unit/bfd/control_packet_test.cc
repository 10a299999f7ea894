// SPDX-License-Identifier: BSD-3-Clause
// The bytes of RFC 5880 4.1 and the checks of 6.8.6, one row for each.
#include "bfd/control_packet.h"

#include <gtest/gtest.h>

#include <vector>

namespace warren::bfd {
namespace control_packet_test {

using Message = std::vector<std::uint8_t>;

// As a router sends it while it is up: poll, multiplier 3, 50 ms both ways.
const Message up_with_poll = {0x20, 0xe0, 3,    24,   0x11, 0x22, 0x33, 0x44,
                              0x55, 0x66, 0x77, 0x88, 0,    0,    0xc3, 0x50,
                              0,    0,    0xc3, 0x50, 0,    0,    0,    0};

ControlPacket read(const Message& message) {
    const Decoded decoded = decode(message);
    EXPECT_TRUE(std::holds_alternative<ControlPacket>(decoded));
    return std::holds_alternative<ControlPacket>(decoded) ? std::get<ControlPacket>(decoded)
                                                          : ControlPacket{};
}

TEST(ControlPacket, EachFieldStandsInItsPlace) {
    EXPECT_EQ(read(up_with_poll), (ControlPacket{.state = State::up,
                                                 .poll = true,
                                                 .detect_mult = 3,
                                                 .my_discriminator = 0x11223344,
                                                 .your_discriminator = 0x55667788,
                                                 .desired_min_tx_us = 50'000,
                                                 .required_min_rx_us = 50'000}));
}

TEST(ControlPacket, EncodeIsTheReverse) {
    const auto bytes = encode(read(up_with_poll));
    EXPECT_EQ(Message(bytes.begin(), bytes.end()), up_with_poll);
}

TEST(ControlPacket, EveryStateFlagAndDiagnosticSurvives) {
    for (unsigned state = 0; state < 4; ++state)
        for (unsigned diagnostic = 0; diagnostic < 32; ++diagnostic)
            for (unsigned flags = 0; flags < 6; ++flags) {
                ControlPacket packet{.state = static_cast<State>(state),
                                     .diagnostic = static_cast<Diagnostic>(diagnostic),
                                     .poll = flags % 3 == 1,
                                     .final = flags % 3 == 2,
                                     .demand = flags >= 3,
                                     .detect_mult = 255,
                                     .my_discriminator = 0xffffffff,
                                     .your_discriminator = 1,
                                     .desired_min_tx_us = 0xfffffffe,
                                     .required_min_rx_us = 0,
                                     .required_min_echo_rx_us = 7};
                const auto bytes = encode(packet);
                EXPECT_EQ(read({bytes.begin(), bytes.end()}), packet);
            }
}

struct Change {
    std::size_t at;
    std::uint8_t value;
};

struct DiscardRow {
    const char* what;
    DiscardReason reason;
    std::vector<Change> changes;
};

TEST(ControlPacket, WhatIsWrongIsDiscardedWithItsReason) {
    const DiscardRow rows[] = {
        {"version 0", DiscardReason::version, {{0, 0x00}}},
        {"version 2", DiscardReason::version, {{0, 0x40}}},
        {"length below 24", DiscardReason::length, {{3, 23}}},
        {"length beyond what came", DiscardReason::length, {{3, 25}}},
        {"multiplier 0", DiscardReason::detect_mult, {{2, 0}}},
        {"multipoint", DiscardReason::multipoint, {{1, 0xe1}}},
        {"my discriminator 0", DiscardReason::my_discriminator, {{4, 0}, {5, 0}, {6, 0}, {7, 0}}},
        {"your discriminator 0 while up",
         DiscardReason::your_discriminator,
         {{8, 0}, {9, 0}, {10, 0}, {11, 0}}},
        {"your discriminator 0 in init",
         DiscardReason::your_discriminator,
         {{1, 0x80}, {8, 0}, {9, 0}, {10, 0}, {11, 0}}},
        {"poll and final", DiscardReason::poll_and_final, {{1, 0xf0}}},
        {"authentication", DiscardReason::authentication, {{1, 0xe4}}},
    };
    for (const DiscardRow& row : rows) {
        Message message = up_with_poll;
        for (const Change& change : row.changes)
            message[change.at] = change.value;
        EXPECT_EQ(decode(message), Decoded(row.reason)) << row.what;
    }
}

TEST(ControlPacket, DownAndAdminDownNeedNotKnowUs) {
    for (const std::uint8_t state : {0x00, 0x40}) {
        Message message = up_with_poll;
        message[1] = state;
        for (std::size_t i = 8; i < 12; ++i)
            message[i] = 0;
        EXPECT_EQ(read(message).your_discriminator, 0U);
    }
}

TEST(ControlPacket, ACutOneIsDiscardedAtEveryLength) {
    for (std::size_t size = 0; size < control_packet_bytes; ++size) {
        Message message(up_with_poll.begin(), up_with_poll.begin() + static_cast<long>(size));
        message.shrink_to_fit();
        EXPECT_EQ(decode(message), Decoded(DiscardReason::length)) << size;
    }
}

TEST(ControlPacket, WhatStandsBehindItIsNotLookedAt) {
    Message message = up_with_poll;
    message.resize(60, 0xff);
    EXPECT_EQ(read(message), read(up_with_poll));
}

TEST(ControlPacket, EveryNameIsAName) {
    for (std::size_t i = 0; i < discard_reason_count; ++i)
        EXPECT_NE(name(static_cast<DiscardReason>(i)), "?");
    EXPECT_EQ(name(State::up), "Up");
    EXPECT_EQ(name(static_cast<Diagnostic>(31)), "reserved diagnostic");
}

}  // namespace control_packet_test
}  // namespace warren::bfd
