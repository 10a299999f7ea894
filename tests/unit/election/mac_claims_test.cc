// SPDX-License-Identifier: BSD-3-Clause
// How often a virtual MAC is said to be here after a takeover, and how many at once.
#include "election/mac_claims.h"

#include <gtest/gtest.h>

#include <vector>

#include "unit/election/engine_world.h"

namespace warren::election {
namespace {

std::vector<std::size_t> said(MacClaims& claims, std::uint64_t now_ns) {
    std::vector<std::size_t> all;
    claims.look(now_ns, [&](std::size_t router) { all.push_back(router); });
    return all;
}

TEST(MacClaims, AreSaidEachMillisecondTwentyTimes) {
    MacClaims claims(4);
    EXPECT_EQ(claims.deadline_ns(), vrrp::no_deadline);
    claims.begin(2, 100 * ms);
    EXPECT_EQ(claims.deadline_ns(), 101 * ms);
    EXPECT_TRUE(said(claims, 100 * ms).empty()) << "the advert has just said it";
    std::size_t count = 0;
    for (std::uint64_t now_ns = 101 * ms; claims.deadline_ns() != vrrp::no_deadline; now_ns += ms)
        count += said(claims, now_ns).size();
    EXPECT_EQ(count, MacClaims::repetitions);
}

TEST(MacClaims, EndWithTheOwnership) {
    MacClaims claims(4);
    claims.begin(1, 0);
    claims.begin(1, 0);
    claims.begin(2, 0);
    claims.end(1);
    EXPECT_EQ(said(claims, ms), std::vector<std::size_t>{2});
}

// A thousand routers must not delay an advert: the others come in the next round.
TEST(MacClaims, SoManyATick) {
    MacClaims claims(100);
    for (std::size_t router = 0; router < 100; ++router)
        claims.begin(router, 0);
    EXPECT_EQ(said(claims, ms).size(), MacClaims::most_a_tick);
    const auto next = said(claims, ms);
    ASSERT_EQ(next.size(), MacClaims::most_a_tick);
    EXPECT_EQ(next[0], MacClaims::most_a_tick);
    EXPECT_EQ(said(claims, ms).size(), 32U);
    EXPECT_EQ(said(claims, ms).size(), 4U);
    EXPECT_TRUE(said(claims, ms).empty());
}

}  // namespace
}  // namespace warren::election
