// SPDX-License-Identifier: BSD-3-Clause
#include "sync/pace.h"

#include <gtest/gtest.h>

namespace warren::sync {
namespace {

TEST(RoundTrip, IsTheTimeSinceTheEchoWasSent) {
    RoundTrip trip;
    EXPECT_EQ(trip.echo(5), 0U);
    EXPECT_EQ(trip.smoothed_us(), 0U);
    trip.hear(1'000, 0, 70'000);
    EXPECT_EQ(trip.echo(70'300), 1'300U);  // held for 300
    trip.hear(2'000, 90'000, 90'400);
    EXPECT_EQ(trip.smoothed_us(), 400U);
    EXPECT_EQ(trip.loss_us(), least_loss_us);
    for (int i = 0; i < 100; ++i)
        trip.hear(2'000, 100'000, 110'000);
    EXPECT_NEAR(trip.smoothed_us(), 10'000, 100);
    EXPECT_NEAR(static_cast<double>(trip.loss_us()), 30'000, 300);
}

TEST(RoundTrip, AnEchoFromAnotherTimeIsNone) {
    RoundTrip trip;
    trip.hear(1, 80'000, 70'000);
    EXPECT_EQ(trip.smoothed_us(), 0U);
}

TEST(LateAcks, TeachPatienceThatFades) {
    LateAcks late;
    EXPECT_EQ(late.patience_us(), 0U);
    late.note(40'000, 1'000'000);
    EXPECT_EQ(late.patience_us(), 50'000U);
    late.note(8'000, 2'000'000);
    EXPECT_EQ(late.patience_us(), 50'000U);
    late.note(900'000, 3'000'000);
    EXPECT_EQ(late.patience_us(), 250'000U);
    late.decay(12'999'999);
    EXPECT_EQ(late.patience_us(), 250'000U);
    late.decay(13'000'000);
    EXPECT_EQ(late.patience_us(), 125'000U);
}

TEST(TokenBucket, GivesAFiftiethOfASecondAtOnce) {
    TokenBucket bucket(10'000);
    std::uint64_t now_us = 5'000'000;
    EXPECT_EQ(bucket.tokens(now_us), 200U);
    for (int i = 0; i < 200; ++i)
        bucket.spend(now_us);
    EXPECT_EQ(bucket.tokens(now_us), 0U);
    EXPECT_EQ(bucket.tokens(bucket.ready_us()), 1U);
    now_us += 10'000;
    EXPECT_EQ(bucket.tokens(now_us), 100U);
}

TEST(TokenBucket, WhatIsSpentAheadHasToBeSavedUp) {
    TokenBucket bucket(1'000);
    const std::uint64_t now_us = 5'000'000;
    const std::size_t all = bucket.tokens(now_us);
    EXPECT_EQ(all, 64U);  // enough for a datagram
    for (std::size_t i = 0; i < all + 10; ++i)
        bucket.spend(now_us);
    EXPECT_EQ(bucket.tokens(now_us + 10'000), 0U);
    EXPECT_EQ(bucket.tokens(now_us + 11'000), 1U);
}

}  // namespace
}  // namespace warren::sync
