// SPDX-License-Identifier: BSD-3-Clause
#include "sync/outbox.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace warren::sync {
namespace {

Ack ack_of(std::uint64_t highest) {
    Ack ack;
    ack.highest = highest;
    return ack;
}

std::vector<std::uint64_t> settled(Unresolved& lost, std::uint64_t oldest_unacknowledged) {
    lost.settle(oldest_unacknowledged);
    std::vector<std::uint64_t> oldest;
    if (lost.size() != 0) oldest.push_back(lost.oldest_or(~std::uint64_t{0}));
    return oldest;
}

TEST(Unresolved, IsResolvedWhenTheAnswersAreAcknowledged) {
    Unresolved lost;
    lost.add(5, 0);
    EXPECT_TRUE(lost.wants_mark());
    lost.ordered(1);
    EXPECT_FALSE(lost.wants_mark());
    EXPECT_EQ(settled(lost, 100), std::vector<std::uint64_t>{5});
    lost.answered(1, 9);
    EXPECT_EQ(settled(lost, 9), std::vector<std::uint64_t>{5});
    EXPECT_TRUE(settled(lost, 10).empty());
}

// The answer to 5 left in 9, which was lost itself.
TEST(Unresolved, AnAnswerMayBeLostToo) {
    Unresolved lost;
    lost.add(5, 0);
    lost.ordered(1);
    lost.answered(1, 9);
    lost.add(9, 0);
    EXPECT_EQ(settled(lost, 100), std::vector<std::uint64_t>{5});
    lost.ordered(2);
    lost.answered(2, 12);
    EXPECT_EQ(settled(lost, 12), std::vector<std::uint64_t>{5});
    EXPECT_TRUE(settled(lost, 13).empty());
}

TEST(Unresolved, OnlyALaterMarkAnswers) {
    Unresolved lost;
    lost.add(5, 0);
    lost.ordered(1);
    lost.add(20, 0);
    lost.answered(1, 9);
    EXPECT_EQ(settled(lost, 100), std::vector<std::uint64_t>{20});
}

TEST(Unresolved, WhatWasOnlyLateIsResolved) {
    Unresolved lost;
    lost.add(5, 77);
    std::vector<std::uint64_t> late;
    lost.acknowledge(ack_of(5), [&late](std::uint64_t sent_us) { late.push_back(sent_us); });
    EXPECT_EQ(late, std::vector<std::uint64_t>{77});
    EXPECT_EQ(lost.size(), 0U);
}

TEST(Unresolved, IsBounded) {
    Unresolved lost;
    for (std::uint64_t sequence = 1; sequence <= Unresolved::capacity; ++sequence)
        EXPECT_TRUE(lost.add(sequence, 0));
    EXPECT_FALSE(lost.add(1'000, 0));
    EXPECT_EQ(lost.size(), std::size_t{Unresolved::capacity});
    EXPECT_EQ(lost.oldest_or(5'000), 2U);
}

TEST(Outbox, EachParcelIsSomewhereUntilItIsReleased) {
    Outbox outbox(max_payload_bytes);
    const std::size_t room = outbox.room();
    for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
        outbox.add(samples::flow(1), {}, sequence);
        outbox.take_batch().sequence = sequence;
    }
    EXPECT_EQ(outbox.unacknowledged(), 3U);
    outbox.acknowledge(ack_of(2),
                       [](const PendingDatagram& datagram) { EXPECT_EQ(datagram.sequence, 2U); });
    EXPECT_EQ(outbox.unacknowledged(), 2U);
    EXPECT_EQ(outbox.take_lost(0, 0), nullptr);
    while (const PendingDatagram* datagram = outbox.take_lost(1, 1))
        outbox.release(*datagram);
    EXPECT_EQ(outbox.room(), room);
}

// A link with overtaking needs time before it counts.
TEST(Outbox, OvertakenIsLostOnlyAfterItsTime) {
    Outbox outbox(max_payload_bytes);
    for (std::uint64_t sequence = 1; sequence <= 4; ++sequence) {
        outbox.add(samples::flow(1), {}, 0);
        PendingDatagram& datagram = outbox.take_batch();
        datagram.sequence = sequence;
        datagram.sent_us = 1'000;
    }
    Ack ack = ack_of(4);
    ack.add(3);
    outbox.acknowledge(ack, [](const PendingDatagram&) {});
    EXPECT_EQ(outbox.take_lost(1'000, 0), nullptr);  // two have overtaken it
    ack.add(2);
    outbox.acknowledge(ack, [](const PendingDatagram&) {});
    EXPECT_EQ(outbox.take_lost(999, 0), nullptr);
    const PendingDatagram* lost = outbox.take_lost(1'000, 0);
    ASSERT_NE(lost, nullptr);
    EXPECT_EQ(lost->sequence, 1U);
}

}  // namespace
}  // namespace warren::sync
