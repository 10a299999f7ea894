// SPDX-License-Identifier: BSD-3-Clause
// Who has moved to another MAC, and how much of it is believed.
#include "model/station_moves.h"

#include <gtest/gtest.h>

namespace warren::model {
namespace {

constexpr net::MacAddress first{{2, 0, 0, 0, 0, 1}};
constexpr net::MacAddress second{{2, 0, 0, 0, 0, 2}};
constexpr std::uint64_t ns_per_second = 1'000'000'000;

exchange::StationSeen station(std::uint32_t n, const net::MacAddress& mac, std::uint8_t port = 0) {
    return {.address = net::IpAddress::v4(net::Be32(0x0a000000U + n)), .mac = mac, .port = port};
}

TEST(StationMoves, AnotherMacIsAMove) {
    StationMoves stations;
    EXPECT_FALSE(stations.note(station(1, first), 0));
    EXPECT_FALSE(stations.note(station(1, first), 0));
    EXPECT_FALSE(stations.note(station(2, second), 0)) << "another station";
    EXPECT_FALSE(stations.note(station(1, second, 1), 0)) << "another link";
    const auto move = stations.note(station(1, second), 0);
    ASSERT_TRUE(move);
    EXPECT_EQ(move->from, first);
    EXPECT_EQ(move->to, second);
    EXPECT_EQ(move->port, 0);
    EXPECT_FALSE(stations.note(station(1, second), 0));
    EXPECT_TRUE(stations.note(station(1, first), 0)) << "and back";
}

TEST(StationMoves, TooManyASecondAreNotBelievedUntilSaidAgain) {
    StationMoves stations;
    for (std::uint32_t n = 0; n <= StationMoves::moves_a_second; ++n)
        stations.note(station(n, first), 0);
    unsigned moves = 0;
    for (std::uint32_t n = 0; n <= StationMoves::moves_a_second; ++n)
        moves += stations.note(station(n, second), 0) ? 1U : 0U;
    EXPECT_EQ(moves, StationMoves::moves_a_second);
    EXPECT_EQ(stations.take_ignored(), 1U);
    EXPECT_EQ(stations.take_ignored(), 0U);
    EXPECT_TRUE(stations.note(station(StationMoves::moves_a_second, second), ns_per_second));
}

TEST(StationMoves, WhoSpeaksIsRememberedInACrowd) {
    StationMoves stations;
    stations.note(station(0, first), 0);
    for (std::uint32_t n = 1; n < 10 * StationMoves::stations_max; ++n) {
        stations.note(station(n, first), 0);
        if (n % 1000 == 0) {
            EXPECT_FALSE(stations.note(station(0, first), 0));
        }
    }
    EXPECT_TRUE(stations.note(station(0, second), 0));
    EXPECT_FALSE(stations.note(station(1, second), 0)) << "long forgotten";
}

}  // namespace
}  // namespace warren::model
