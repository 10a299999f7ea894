// SPDX-License-Identifier: BSD-3-Clause
#include "balance/rebalance.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <random>

namespace warren::balance {
namespace rebalance_test {

using Moves = std::vector<std::uint32_t>;

TEST(Rebalance, TheShortestServerSaysHowFarItIs) {
    const Holder even[] = {{256, 100}, {512, 200}};
    EXPECT_EQ(shortage_percent(even), 0);
    const Holder rejoined[] = {{256, 150}, {256, 150}, {256, 0}};
    EXPECT_EQ(shortage_percent(rejoined), 100);
    const Holder few[] = {{256, 1}, {256, 0}};
    EXPECT_EQ(shortage_percent(few), 0) << "half a flow is nothing to move";
    const Holder workers[] = {{256, 5}, {256, 3}};
    EXPECT_EQ(shortage_percent(workers), 25);
    EXPECT_EQ(shortage_percent(workers, 2), 0) << "each of two workers may be off by one";
    const Holder drained[] = {{256, 50}, {256, 50}, {0, 0}};
    EXPECT_EQ(shortage_percent(drained), 0) << "who takes no new flows is not short of them";
}

TEST(Rebalance, OnlyTheSurplusMovesAndFromWhoHasMost) {
    const Holder pool[] = {{256, 150}, {256, 152}, {256, 0}};
    EXPECT_EQ(surplus_to_move(pool, 2), (Moves{0, 2, 0}));
    EXPECT_EQ(surplus_to_move(pool, 6), (Moves{2, 4, 0}));
    EXPECT_EQ(surplus_to_move(pool, 1'000), (Moves{49, 51, 0}));
    EXPECT_EQ(surplus_to_move({}, 5), Moves{});
}

TEST(Rebalance, ADrainedServersFlowsAreLeftAlone) {
    const Holder pool[] = {{256, 10}, {256, 10}, {0, 500}};
    EXPECT_EQ(surplus_to_move(pool, 5), (Moves{0, 0, 0}));
}

TEST(Rebalance, BeginsAboveTheThresholdAndEndsAtHalfOfIt) {
    Rebalance rebalance;
    const RebalanceRules rules{.rate = 3, .threshold = 10};
    const Holder nine[] = {{256, 109}, {256, 91}};
    const Holder eleven[] = {{256, 111}, {256, 89}};
    const Holder four[] = {{256, 104}, {256, 96}};
    EXPECT_EQ(rebalance.step(nine, rules), (Moves{0, 0}));
    EXPECT_EQ(rebalance.step(eleven, rules), (Moves{3, 0}));
    EXPECT_EQ(rebalance.step(nine, rules), (Moves{3, 0})) << "it has begun";
    EXPECT_EQ(rebalance.moved(), 6U);
    EXPECT_EQ(rebalance.step(four, rules), (Moves{0, 0}));
    EXPECT_EQ(rebalance.step(nine, rules), (Moves{0, 0})) << "and has ended";
}

TEST(Rebalance, WhoIsOnHisWayIsNotMovedTwice) {
    Rebalance rebalance;
    std::vector<Holder> pool{{256, 40}, {256, 0}};
    std::array<std::uint32_t, 5> on_their_way{};
    for (std::size_t second = 0; second < 8; ++second) {
        std::uint32_t& slot = on_their_way[second % on_their_way.size()];
        pool[1].flows += slot;
        slot = rebalance.step(pool, {.rate = 8, .threshold = 10})[0];
        pool[0].flows -= slot;
    }
    EXPECT_EQ(rebalance.moved(), 20U);
    EXPECT_EQ(pool[0].flows, 20U);
}

TEST(Rebalance, WhoHasNotComeBackIsNoLongerWaitedFor) {
    Rebalance rebalance;
    std::vector<Holder> pool{{256, 40}, {256, 0}};
    std::vector<std::uint64_t> left;
    for (int second = 0; second < 12; ++second) {
        pool[0].flows -= rebalance.step(pool, {.rate = 20, .threshold = 10})[0];
        left.push_back(pool[0].flows);
    }
    EXPECT_EQ(left[9], 20U);
    EXPECT_EQ(left[11], 10U);
}

// Moved clients come back and are scheduled anew: by wlc to who has fewest, by wrr to anybody by
// weight. Either way it ends, near the shares, and nobody is moved without need.
TEST(Rebalance, Converges) {
    for (const bool least_loaded : {true, false}) {
        std::mt19937 random(7);
        std::vector<Holder> pool{{256, 400}, {512, 800}, {256, 0}};
        Rebalance rebalance;
        int seconds = 0;
        do {
            const Moves moves = rebalance.step(pool, {.rate = 2, .threshold = 10});
            for (std::size_t i = 0; i < pool.size(); ++i)
                pool[i].flows -= moves[i];
            for (auto left = std::accumulate(moves.begin(), moves.end(), 0U); left != 0; --left) {
                std::size_t to = std::size_t{random() % 4} * 3 / 4;
                if (least_loaded) to = pool[2].flows * 2 < pool[1].flows ? 2 : 0;
                ++pool[to].flows;
            }
        } while (rebalance.is_moving() && ++seconds < 3'000);
        EXPECT_LT(shortage_percent(pool), 10);
        EXPECT_LT(seconds, least_loaded ? 300 : 1'200);
        EXPECT_GE(rebalance.moved(), 270U);
        EXPECT_LE(rebalance.moved(), least_loaded ? 300U : 1'200U) << "the share is 300";
    }
}

}  // namespace rebalance_test
}  // namespace warren::balance
