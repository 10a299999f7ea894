// SPDX-License-Identifier: BSD-3-Clause
#include "sync/inbox.h"

#include <gtest/gtest.h>

namespace warren::sync {
namespace {

TEST(Inbox, IsCompleteAsFarAsThereAreNoHoles) {
    Inbox inbox;
    inbox.begin(10, 10);
    EXPECT_TRUE(inbox.is_complete_below(11));
    inbox.take(12);
    EXPECT_TRUE(inbox.is_complete_below(11));
    EXPECT_FALSE(inbox.is_complete_below(12));
    inbox.take(11);
    EXPECT_TRUE(inbox.is_complete_below(13));
}

TEST(Inbox, WhatThePeerHasResolvedIsNoHole) {
    Inbox inbox;
    inbox.begin(10, 10);
    inbox.take(14);
    EXPECT_FALSE(inbox.is_complete_below(14));
    inbox.resolve_below(13);
    EXPECT_TRUE(inbox.is_outdated(12));
    EXPECT_FALSE(inbox.is_outdated(13));
    EXPECT_FALSE(inbox.is_complete_below(14));
    inbox.resolve_below(14);
    EXPECT_TRUE(inbox.is_complete_below(15));
    inbox.resolve_below(3);
    EXPECT_TRUE(inbox.is_outdated(13));
}

TEST(Inbox, AHoleOutOfReachIsStillAHole) {
    Inbox inbox;
    inbox.begin(1, 1);
    for (std::uint64_t sequence = 3; sequence < 3'000; ++sequence)
        inbox.take(sequence);
    EXPECT_FALSE(inbox.is_complete_below(3'000));
    inbox.resolve_below(3);
    EXPECT_FALSE(inbox.is_complete_below(3'000));
    inbox.resolve_below(2'500);
    EXPECT_TRUE(inbox.is_complete_below(3'000));
}

TEST(Inbox, OwesAnAcknowledgementSoonOrAtOnce) {
    Inbox inbox;
    inbox.begin(1, 1);
    EXPECT_EQ(inbox.ack_deadline_us(), no_deadline);
    inbox.owe_ack(false, 1'000);
    inbox.owe_ack(false, 2'000);
    EXPECT_EQ(inbox.ack_deadline_us(), 1'000 + ack_delay_us);
    inbox.owe_ack(true, 3'000);
    EXPECT_EQ(inbox.ack_deadline_us(), 3'000U);
    inbox.take_ack();
    EXPECT_EQ(inbox.ack_deadline_us(), no_deadline);
    for (unsigned i = 0; i < ack_every; ++i)
        inbox.owe_ack(false, 4'000);
    EXPECT_EQ(inbox.ack_deadline_us(), 4'000U);
}

TEST(Inbox, AcknowledgesTheHighestAndWhatIsBelow) {
    Inbox inbox;
    inbox.begin(1, 1);
    for (const std::uint64_t sequence : {2U, 5U, 9U, 300U})
        inbox.take(sequence);
    const Ack ack = inbox.take_ack();
    EXPECT_EQ(ack.highest, 300U);
    EXPECT_TRUE(ack.has(300) && !ack.has(299) && !ack.has(301));
    EXPECT_FALSE(ack.has(9));  // more than 256 below
    inbox.take(100);
    EXPECT_TRUE(inbox.take_ack().has(100));
}

// One of ten does not come; what comes late has come.
TEST(IncomingLoss, IsSaidOfAWhileAndOfEnough) {
    IncomingLoss loss;
    std::uint64_t now_us = 1'000'000;
    loss.begin(1, now_us);
    std::uint64_t sequence = 1;
    const auto hear = [&](unsigned datagrams, unsigned lost_of_ten, std::uint64_t each_us) {
        for (unsigned i = 0; i < datagrams; ++i) {
            now_us += each_us;
            if (++sequence % 10 >= lost_of_ten) loss.hear(sequence, now_us);
        }
    };
    hear(99, 1, 200'000);
    EXPECT_EQ(loss.permille(), 0U) << "too few";
    hear(10, 1, 200'000);
    EXPECT_NEAR(loss.permille(), 100, 10);
    hear(1'000, 0, 1'000);
    EXPECT_NEAR(loss.permille(), 100, 10) << "too short";
    hear(10'000, 0, 1'000);
    EXPECT_EQ(loss.permille(), 0U);
    loss.begin(1, now_us);
    EXPECT_EQ(loss.permille(), 0U);
}

}  // namespace
}  // namespace warren::sync
