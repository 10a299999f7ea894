// SPDX-License-Identifier: BSD-3-Clause
// A hand-over as the old master sees it: step by step, each bounded, undone when late.
#include "handover/outgoing.h"

#include <gtest/gtest.h>

#include "recorded_outputs.h"

namespace warren::handover {
namespace {

using Kind = exchange::SyncReport::Kind;

class OutgoingHandOver : public testing::Test {
  protected:
    void report(Kind kind, std::uint16_t router = 0) {
        exchange::SyncReport report;
        report.kind = kind;
        report.router = router;
        outgoing_.take(report, now_ns_);
    }
    Told take() { return recorded_.take(); }

    RecordedOutputs recorded_;
    std::vector<OutgoingHandOvers::Ended> ended_;
    OutgoingHandOvers outgoing_{recorded_.outputs,
                                [this](const OutgoingHandOvers::Ended& e) { ended_.push_back(e); }};
    std::uint64_t now_ns_ = 1'000 * ms;
};

TEST_F(OutgoingHandOver, OffersBeforeThePeerIsAskedAndEndsWhenItYields) {
    outgoing_.begin(3, now_ns_);
    EXPECT_EQ(take(), (Told{"offer 3", "ask 3"}));
    now_ns_ += 5 * ms;
    report(Kind::asked, 3);
    report(Kind::answered, 3);
    EXPECT_TRUE(ended_.empty());
    now_ns_ += ms;
    outgoing_.on_transition(3, vrrp::State::backup, now_ns_);
    ASSERT_EQ(ended_.size(), 1U);
    EXPECT_EQ(ended_[0].router, 3);
    EXPECT_EQ(ended_[0].trouble, "");
    EXPECT_EQ(ended_[0].took_ns, 6 * ms);
    EXPECT_TRUE(take().empty());
    EXPECT_TRUE(outgoing_.is_idle());
}

TEST_F(OutgoingHandOver, ThePeersAdvertMayComeBeforeItsAnswer) {
    outgoing_.begin(0, now_ns_);
    outgoing_.on_transition(0, vrrp::State::backup, now_ns_);
    ASSERT_EQ(ended_.size(), 1U);
    EXPECT_EQ(ended_[0].trouble, "");
    take();
    report(Kind::answered);
    outgoing_.tick(now_ns_ + 5'000 * ms);
    EXPECT_TRUE(take().empty());
}

TEST_F(OutgoingHandOver, EachStepIsBoundedAndUndone) {
    for (const unsigned steps : {0U, 1U, 2U}) {
        ended_.clear();
        outgoing_.begin(0, now_ns_);
        now_ns_ += 400 * ms;
        if (steps > 0) report(Kind::asked);
        now_ns_ += steps > 0 ? 400 * ms : 0;
        if (steps > 1) report(Kind::answered);
        const std::uint64_t last_ns = now_ns_ - (steps == 2 ? 0 : 400 * ms);
        take();
        outgoing_.tick(last_ns + OutgoingHandOvers::step_ns - 1);
        EXPECT_TRUE(ended_.empty()) << steps;
        outgoing_.tick(last_ns + OutgoingHandOvers::step_ns);
        EXPECT_EQ(take(), Told{"withdraw 0"}) << steps;
        ASSERT_EQ(ended_.size(), 1U);
        EXPECT_NE(ended_[0].trouble.find("in time"), std::string::npos);
        now_ns_ += OutgoingHandOvers::step_ns;
    }
}

TEST_F(OutgoingHandOver, WhatThePeerRefusesIsUndoneAtOnce) {
    outgoing_.begin(0, now_ns_);
    outgoing_.begin(1, now_ns_);
    take();
    report(Kind::not_asked, 0);
    report(Kind::not_answered, 1);
    EXPECT_EQ(take(), (Told{"withdraw 0", "withdraw 1"}));
    ASSERT_EQ(ended_.size(), 2U);
    EXPECT_EQ(ended_[0].trouble, "no peer is in sync");
    EXPECT_EQ(ended_[1].trouble, "the peer cannot take over");
}

TEST_F(OutgoingHandOver, AFaultMeanwhileEndsItToo) {
    outgoing_.begin(0, now_ns_);
    outgoing_.on_transition(0, vrrp::State::fault, now_ns_);
    ASSERT_EQ(ended_.size(), 1U);
    EXPECT_NE(ended_[0].trouble, "");
}

TEST_F(OutgoingHandOver, OnceAtATime) {
    outgoing_.begin(0, now_ns_);
    take();
    outgoing_.begin(0, now_ns_);
    EXPECT_TRUE(take().empty());
    EXPECT_TRUE(outgoing_.has(0));
    EXPECT_FALSE(outgoing_.has(1));
    report(Kind::answered, 1);  // of none
    outgoing_.on_transition(1, vrrp::State::backup, now_ns_);
    EXPECT_TRUE(ended_.empty());
}

}  // namespace
}  // namespace warren::handover
