// SPDX-License-Identifier: BSD-3-Clause
#include "flow/isn.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "flow_samples.h"

namespace warren::flow {
namespace {

// Reference vectors of SipHash-2-4: key 00..0f, message 00 01 02 ... (Aumasson and Bernstein 2012,
// appendix A gives the one of 15 bytes).
TEST(SipHash, ReferenceVectors) {
    const SipKey key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
    std::vector<std::uint8_t> message(16);
    std::iota(message.begin(), message.end(), std::uint8_t{0});
    const net::ConstBytes all(message);
    EXPECT_EQ(siphash_2_4(key, all.first(0)), 0x726fdb47dd0e0e31U);
    EXPECT_EQ(siphash_2_4(key, all.first(1)), 0x74f839c593dc67fdU);
    EXPECT_EQ(siphash_2_4(key, all.first(2)), 0x0d6c8009d9a94f5aU);
    EXPECT_EQ(siphash_2_4(key, all.first(15)), 0xa129ca6149be45e5U);
}

TEST(InitialSequence, RunsWithTheClockForOneTuple) {  // RFC 6528 3
    const SipKey key{1, 2};
    const Tuple t = samples::flow(1).server_tuple();
    EXPECT_EQ(initial_sequence(key, t, 1000) - initial_sequence(key, t, 0), 1000U);
    EXPECT_EQ(initial_sequence(key, t, 5) - initial_sequence(key, t, 0xfffffffb), 10U);
}

TEST(InitialSequence, DependsOnEachPartOfTheTupleAndTheKey) {
    const SipKey key{1, 2};
    const Tuple t = samples::flow(1).server_tuple();
    std::vector<Tuple> others(4, t);
    others[0].source = samples::address(9);
    others[1].destination = samples::address(9);
    others[2].source_port = net::Be16(9);
    others[3].destination_port = net::Be16(9);
    for (const Tuple& other : others)
        EXPECT_NE(initial_sequence(key, t, 0), initial_sequence(key, other, 0));
    EXPECT_NE(initial_sequence(key, t, 0), initial_sequence({1, 3}, t, 0));
}

}  // namespace
}  // namespace warren::flow
