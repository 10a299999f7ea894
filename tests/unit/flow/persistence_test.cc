// SPDX-License-Identifier: BSD-3-Clause
// Which server a group of clients stays with, and for how long.
#include "flow/persistence.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace warren::flow {
namespace {

constexpr TupleHash test_hash(1, 2);
constexpr Tick timeout = 100;

Persistence::Group group(std::uint32_t n, std::uint16_t service = 0) {
    return {net::IpAddress::v4(10, static_cast<std::uint8_t>(n >> 16),
                               static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)),
            service};
}

TEST(Persistence, LivesForItsTimeoutAfterTheLastNewFlow) {
    Persistence all(16, test_hash);
    EXPECT_EQ(all.server_of(group(1), 0), std::nullopt);
    EXPECT_TRUE(all.bind(group(1), 7, timeout, 0));
    all.confirm(group(1));
    all.release(group(1), 1);
    EXPECT_EQ(all.server_of(group(1), 99), 7);
    EXPECT_EQ(all.server_of(group(1), 100), std::nullopt);
    EXPECT_EQ(all.server_of(group(1, 1), 50), std::nullopt) << "another service";
    EXPECT_TRUE(all.bind(group(1), 7, timeout, 50));
    all.release(group(1), 50);
    EXPECT_EQ(all.server_of(group(1), 149), 7) << "started again";
    EXPECT_EQ(all.server_of(group(1), 150), std::nullopt);
}

TEST(Persistence, LivesWhileItHasFlowsAndThenToTheEndOfTheMinute) {
    Persistence all(16, test_hash);
    constexpr Tick minute = Persistence::extension;
    all.bind(group(1), 7, timeout, 0);
    all.bind(group(1), 7, timeout, 0);
    EXPECT_EQ(all.server_of(group(1), 10 * minute), 7);
    all.confirm(group(1));
    all.release(group(1), 2 * minute + timeout + 5);
    EXPECT_EQ(all.server_of(group(1), 10 * minute), 7) << "one flow is left";
    all.release(group(1), 20 * minute + timeout + 5);
    EXPECT_EQ(all.server_of(group(1), 21 * minute + timeout - 1), 7);
    EXPECT_EQ(all.server_of(group(1), 21 * minute + timeout), std::nullopt);
}

TEST(Persistence, ItsEntriesWithoutFlowsGoToAPeerForTheTimeThatTheyHaveLeft) {
    Persistence all(16, test_hash);
    EXPECT_EQ(all.end_slot(), 0U);
    all.bind(group(1), 7, timeout, 0);
    all.confirm(group(1));
    all.release(group(1), 10);
    all.bind(group(2), 8, timeout, 0);
    Persistence peers(16, test_hash);
    for (std::uint32_t slot = all.end_slot(); slot-- != 0;)
        if (const auto left = all.left_at(slot, 40)) {
            EXPECT_EQ(left->group, group(1)) << "the other has a flow";
            EXPECT_TRUE(peers.restore(*left, 1000));
        }
    EXPECT_EQ(peers.size(), 1U);
    EXPECT_EQ(peers.server_of(group(1), 1059), 7);
    EXPECT_EQ(peers.server_of(group(1), 1060), std::nullopt);
    EXPECT_TRUE(all.restore({group(2), 9, timeout}, 50));
    EXPECT_EQ(all.server_of(group(2), 50), 8) << "its own flow knows better";
    EXPECT_TRUE(all.restore({group(1), 9, timeout}, 50));
    EXPECT_EQ(all.server_of(group(1), 50), 9);
    for (std::uint32_t n = 10; n < 20; ++n)
        all.bind(group(n), 7, timeout, 0);
    EXPECT_FALSE(all.restore({group(30), 9, timeout}, 50)) << "full";
}

TEST(Persistence, AFlowThatMovesIsCountedOnce) {
    Persistence all(16, test_hash);
    all.bind(group(1), 7, timeout, 0);
    all.bind(group(1), 8, timeout, 1, true);
    EXPECT_EQ(all.server_of(group(1), 1), 8);
    all.release(group(1), 2);
    EXPECT_EQ(all.server_of(group(1), 101), std::nullopt);
    all.release(group(1), 2);
    all.release(group(2), 2);
}

// Anybody can send a SYN under any address: a flood must not fill the table for minutes.
TEST(Persistence, AGroupThatNeverOpenedAFlowIsForgottenWithItsLast) {
    Persistence all(16, test_hash);
    all.bind(group(1), 7, timeout, 0);
    all.bind(group(1), 7, timeout, 0);
    all.release(group(1), 1);
    EXPECT_EQ(all.server_of(group(1), 1), 7) << "one may still open";
    all.release(group(1), 1);
    EXPECT_EQ(all.server_of(group(1), 1), std::nullopt);
    EXPECT_EQ(all.size(), 0U);
    all.confirm(group(1));
    EXPECT_EQ(all.size(), 0U);
}

TEST(Persistence, FullRefusesNewGroupsOnly) {
    Persistence all(16, test_hash);
    for (std::uint32_t n = 0; n < all.capacity(); ++n)
        EXPECT_TRUE(all.bind(group(n), 7, timeout, 0));
    EXPECT_FALSE(all.bind(group(100), 7, timeout, 0));
    EXPECT_TRUE(all.bind(group(3), 8, timeout, 0));
    EXPECT_EQ(all.server_of(group(100), 0), std::nullopt);
    for (std::uint32_t n = 0; n < all.capacity(); ++n)
        all.release(group(n), 0);
    all.release(group(3), 0);
    all.sweep(timeout, 1'000);
    EXPECT_EQ(all.size(), 0U);
    EXPECT_TRUE(all.bind(group(100), 7, timeout, timeout));
}

// Against a map, with a table small enough that runs of slots meet at its end.
TEST(Persistence, AgreesWithAMap) {
    struct Expected {
        std::uint16_t server;
        unsigned flows;
        Tick deadline;
    };
    std::mt19937 random(1);
    Persistence all(64, test_hash);
    std::map<std::uint32_t, Expected> expected;
    for (Tick now = 0; now < 50'000; ++now) {
        const std::uint32_t n = random() % 60;
        const auto known = expected.find(n);
        if (random() % 2 == 0) {
            const auto server = static_cast<std::uint16_t>(random() % 5);
            if (!all.bind(group(n), server, 20, now)) continue;
            all.confirm(group(n));
            Expected& e = expected[n];
            e = {server, (known == expected.end() ? 0 : e.flows) + 1, now + 20};
        } else if (known != expected.end() && known->second.flows != 0) {
            all.release(group(n), now);
            --known->second.flows;
            while (static_cast<std::int32_t>(now - known->second.deadline) >= 0)
                known->second.deadline += Persistence::extension;
        }
        all.sweep(now, 4);
        std::erase_if(expected, [&](const auto& e) {
            return e.second.flows == 0 && e.second.deadline <= now;
        });
        for (const auto& [key, e] : expected)
            ASSERT_EQ(all.server_of(group(key), now), e.server) << now << " " << key;
        ASSERT_GE(all.size(), expected.size());
    }
}

}  // namespace
}  // namespace warren::flow
