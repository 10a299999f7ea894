// SPDX-License-Identifier: BSD-3-Clause
#include "sync/absent_flows.h"

#include <gtest/gtest.h>

#include "samples.h"

namespace warren::sync {
namespace {

constexpr flow::SipKey hash_key{1, 2};

EndRecord end_of(std::uint32_t n) {
    return EndRecord::of(samples::flow(n).identity(), EndCause::reset);
}

TEST(RefusedFlows, CountByRouterUntilTheyEnd) {
    RefusedFlows refused(hash_key);
    refused.add(samples::flow(1).identity(), 0);
    refused.add(samples::flow(2).identity(), 1);
    refused.add(samples::flow(2).identity(), 1);
    flow::FlowSum expected;
    expected.add(samples::flow(2).identity().hash(hash_key));
    EXPECT_EQ(refused.of_router(1), expected);
    EXPECT_EQ(refused.size(), 2U);
    refused.forget(end_of(2));
    refused.forget(end_of(3));
    EXPECT_EQ(refused.of_router(1), flow::FlowSum{});
    EXPECT_EQ(refused.size(), 1U);
}

// Against a sum that is kept beside it, through collisions and erasures.
TEST(RefusedFlows, ManyComeAndGo) {
    RefusedFlows refused(hash_key);
    flow::FlowSum kept;
    for (std::uint32_t n = 0; n < 30'000; ++n) {
        refused.add(samples::flow(n).identity(), static_cast<std::uint8_t>(n % 3));
        if (n % 3 == 0) kept.add(samples::flow(n).identity().hash(hash_key));
    }
    for (std::uint32_t n = 0; n < 30'000; n += 2) {
        refused.forget(end_of(n));
        if (n % 3 == 0) kept.remove(samples::flow(n).identity().hash(hash_key));
    }
    EXPECT_EQ(refused.of_router(0), kept);
    refused.forget_router(1);
    EXPECT_EQ(refused.of_router(1), flow::FlowSum{});
    EXPECT_EQ(refused.of_router(0), kept);
    EXPECT_EQ(refused.size(), 10'000U);
    refused.clear();
    EXPECT_EQ(refused.size(), 0U);
    EXPECT_EQ(refused.of_router(0), flow::FlowSum{});
}

TEST(RefusedFlows, AreBounded) {
    RefusedFlows refused(hash_key);
    for (std::uint32_t n = 0; n < RefusedFlows::capacity + 10; ++n)
        refused.add(samples::flow(n).identity(), 0);
    EXPECT_EQ(refused.size(), std::uint32_t{RefusedFlows::capacity});
    EXPECT_EQ(refused.of_router(0).count, RefusedFlows::capacity);
}

}  // namespace
}  // namespace warren::sync
