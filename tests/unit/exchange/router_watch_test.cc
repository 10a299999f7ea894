// SPDX-License-Identifier: BSD-3-Clause
// For a moment after a router has come, or after this machine has stood still, flows may be unknown
// that are none the less ours.
#include "exchange/router_watch.h"

#include <gtest/gtest.h>

namespace warren::exchange {
namespace {

constexpr std::uint64_t ms = 1'000'000;

class Watched : public ::testing::Test {
  protected:
    // A round of a worker, so long after the last one and as long after the last heartbeat.
    void look(std::uint64_t after_ns, bool beats = true) {
        now_ns_ += after_ns;
        if (beats) ownership_.beat(now_ns_);
        OwnershipView view;
        ownership_.read(view, max_virtual_routers, now_ns_);
        watch_.look(view);
    }
    bool is_new() const { return watch_.is_new(70, now_ns_); }

    Ownership ownership_;
    RouterWatch watch_;
    std::uint64_t now_ns_ = 5'000 * ms;
};

TEST_F(Watched, ARouterIsNewForAMoment) {
    look(0);
    EXPECT_FALSE(watch_.has_gained());
    ownership_.set(70, true);
    look(2 * ms);
    EXPECT_TRUE(watch_.has_gained());
    EXPECT_TRUE(is_new());
    for (unsigned i = 0; i < 74; ++i) {
        look(2 * ms);
        EXPECT_FALSE(watch_.has_gained());
        EXPECT_TRUE(is_new());
    }
    look(2 * ms);
    EXPECT_FALSE(is_new());
    ownership_.set(70, false);
    look(2 * ms);
    EXPECT_TRUE(watch_.has_lost());
    EXPECT_TRUE(watch_.is_parting(70, now_ns_));
}

TEST_F(Watched, AfterAStandstillWhatIsOursIsNewAgain) {
    ownership_.set(70, true);
    look(0);
    for (unsigned i = 0; i < 20; ++i)
        look(29 * ms);
    EXPECT_FALSE(is_new());
    look(1'300 * ms, false);
    EXPECT_FALSE(watch_.has_gained()) << "the control lcore has not come back yet";
    look(1 * ms);
    EXPECT_TRUE(watch_.has_gained());
    EXPECT_FALSE(watch_.has_lost());
    EXPECT_TRUE(is_new());
    EXPECT_FALSE(watch_.is_new(71, now_ns_)) << "never ours";
    look(1 * ms);
    EXPECT_FALSE(watch_.has_gained());
    EXPECT_TRUE(is_new());
}

TEST_F(Watched, WhatIsGivenUpAfterAStandstillIsLost) {
    ownership_.set(70, true);
    look(0);
    ownership_.set(70, false);
    look(1'300 * ms);
    EXPECT_FALSE(watch_.has_gained());
    EXPECT_TRUE(watch_.has_lost());
    EXPECT_TRUE(watch_.is_parting(70, now_ns_));
}

}  // namespace
}  // namespace warren::exchange
