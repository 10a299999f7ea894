// SPDX-License-Identifier: BSD-3-Clause
#include "balance/rate.h"

#include <gtest/gtest.h>

namespace warren::balance {
namespace {

TEST(Rate, IsTheMeanOfTheLastTenSeconds) {
    Rate rate;
    EXPECT_EQ(rate.per_second(), 0);
    rate.sample(1'000);
    EXPECT_EQ(rate.per_second(), 0) << "since when?";
    rate.sample(1'031);
    EXPECT_EQ(rate.per_second(), 31);
    for (int i = 0; i < 9; ++i)
        rate.sample(1'031);
    EXPECT_DOUBLE_EQ(rate.per_second(), 3.1);
    rate.sample(1'031);
    EXPECT_EQ(rate.per_second(), 0) << "it is eleven seconds ago";
}

TEST(Rate, BeginsAnewWithAnothersCounter) {
    Rate rate;
    rate.sample(1'000);
    rate.sample(1'010);
    rate.sample(4);
    EXPECT_EQ(rate.per_second(), 0);
    rate.sample(6);
    EXPECT_EQ(rate.per_second(), 2);
}

}  // namespace
}  // namespace warren::balance
