// SPDX-License-Identifier: BSD-3-Clause
// Handing over: make before break, by order.
#include <gtest/gtest.h>

#include "driver.h"

namespace warren::vrrp {
namespace handover_test {

constexpr std::uint64_t down_100_ns = 3 * ns_per_s + 609'375'000;

class HandingOver : public testing::Test {
  protected:
    HandingOver() {
        d.become_master();
        d.settle();
    }
    Driver d{test_settings()};
};

TEST_F(HandingOver, YieldsInSilenceToWhoeverAdvertises) {
    EXPECT_EQ(d.step(HandOver{ns_per_s}), "");
    EXPECT_TRUE(d.instance.status().handing_over);
    EXPECT_EQ(d.hear(50), "disown master->backup:handover");
    EXPECT_FALSE(d.instance.status().handing_over);
}

TEST_F(HandingOver, YieldsToOneOfPriorityOneAndALowerAddress) {
    d.step(HandOver{ns_per_s});
    EXPECT_EQ(d.hear(1, 1), "disown master->backup:handover");
}

TEST_F(HandingOver, SaysPriorityOneInItsRhythm) {
    d.step(HandOver{3 * ns_per_s});
    EXPECT_EQ(d.wait(ns_per_s), "send(1)");
}

TEST_F(HandingOver, StaysMasterWhenNobodyTakesOver) {
    d.step(HandOver{ns_per_s / 2});
    EXPECT_EQ(d.wait(ns_per_s), "send(100)") << "by itself, when the time is over";
    EXPECT_FALSE(d.instance.status().handing_over);
    d.now_ns += ns_per_s / 4;
    d.step(HandOver{ns_per_s});
    EXPECT_EQ(d.step(HandOver{}), "send(100)") << "and by order";
    EXPECT_EQ(d.step(HandOver{}), "");
    d.now_ns += ns_per_s / 4;
    EXPECT_NE(d.hear(50).find("send(100)"), std::string::npos) << "it asserts itself again";
}

TEST_F(HandingOver, HoldsItsPreemptionAfterwardsAndIsAStandby) {
    d.step(HandOver{ns_per_s});
    d.hear(50);
    EXPECT_TRUE(d.instance.status().preempt_held);
    for (int i = 0; i < 60; ++i) {
        d.hear(50);
        EXPECT_EQ(d.wait(ns_per_s), "");
    }
    const std::uint64_t heard_ns = d.now_ns;
    d.hear(50);
    EXPECT_EQ(d.wait(), "own send(100) announce(1) backup->master:master_down");
    EXPECT_EQ(d.now_ns - heard_ns, down_100_ns);
}

TEST_F(HandingOver, TakesBackWhenTheHoldGoes) {
    d.step(HandOver{ns_per_s});
    d.hear(50);
    d.step(PreemptHold{false});
    for (int i = 0; i < 4; ++i) {
        d.hear(50);
        d.wait(ns_per_s);
    }
    EXPECT_TRUE(d.is_master());
}

TEST_F(HandingOver, AFaultMeanwhileIsAFault) {
    d.step(HandOver{ns_per_s});
    EXPECT_EQ(d.step(FaultChange{FaultCause::link_down, true, true}),
              "disown send(0) master->fault:fault");
    EXPECT_FALSE(d.instance.status().handing_over);
}

TEST(HandOver, IsAMastersMatter) {
    Driver d(test_settings());
    EXPECT_EQ(d.step(HandOver{ns_per_s}), "");
    d.step(Startup{});
    EXPECT_EQ(d.step(HandOver{ns_per_s}), "");
    EXPECT_FALSE(d.instance.status().handing_over);
}

class TakingOver : public testing::Test {
  protected:
    TakingOver() {
        d.step(Startup{});
        d.hear(200);
    }
    Driver d{test_settings()};
};

TEST_F(TakingOver, MasterAtOnceWhateverItsPriority) {
    d.step(PreemptHold{true});
    EXPECT_EQ(d.step(TakeOver{}), "own send(100) announce(1) backup->master:handover");
    EXPECT_EQ(d.step(TakeOver{}), "") << "once is enough";
}

TEST_F(TakingOver, WhatCrossedTheOrderIsNotObeyed) {
    d.step(TakeOver{});
    d.now_ns += 40 * ns_per_ms;
    EXPECT_EQ(d.hear(200).find("disown"), std::string::npos);
    EXPECT_TRUE(d.is_master());
    d.now_ns += 10 * ns_per_ms;
    EXPECT_EQ(d.hear(200), "disown master->backup:higher_priority_heard")
        << "the old master has changed its mind";
}

TEST_F(TakingOver, NotInFault) {
    d.step(FaultChange{FaultCause::tracked, true, true});
    EXPECT_EQ(d.step(TakeOver{}), "");
}

}  // namespace handover_test
}  // namespace warren::vrrp
