// SPDX-License-Identifier: BSD-3-Clause
// uthreshold and lthreshold.
#include "balance/flow_limit.h"

#include <gtest/gtest.h>

#include <string>

namespace warren::balance {
namespace flow_limit_test {

// 'x' overloaded, '.' not, after each of these numbers of flows.
std::string course(const FlowLimit& limit, const std::vector<unsigned>& flows) {
    std::string text;
    bool overloaded = false;
    for (const unsigned n : flows)
        text += (overloaded = limit.is_overloaded(overloaded, n)) ? 'x' : '.';
    return text;
}

TEST(FlowLimit, OverloadedAtTheUpperAndFreeBelowTheLowerThreshold) {
    EXPECT_EQ(course({10, 5}, {9, 10, 11, 9, 5, 4, 9, 10}), ".xxxx..x");
    EXPECT_EQ(course({1, 1}, {0, 1, 0}), ".x.");
}

TEST(FlowLimit, WithoutALowerOneBelowThreeQuarters) {
    EXPECT_EQ(course({8, 0}, {7, 8, 7, 6, 5, 7}), ".xxx..");
    EXPECT_EQ(course({1, 0}, {1, 0}), "x.");
    EXPECT_EQ(course({4'000'000'000U, 0}, {4'000'000'000U, 3'000'000'000U, 2'999'999'999U}), "xx.");
}

TEST(FlowLimit, NoUpperThresholdIsNoLimit) {
    EXPECT_EQ(course({0, 0}, {0, 4'000'000'000U}), "..");
    EXPECT_EQ(course({0, 5}, {4, 100}), "..");
    EXPECT_FALSE((FlowLimit{}.is_overloaded(true, 100))) << "it had one before";
}

}  // namespace flow_limit_test
}  // namespace warren::balance
