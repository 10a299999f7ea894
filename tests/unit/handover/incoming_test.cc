// SPDX-License-Identifier: BSD-3-Clause
// A hand-over as the new master sees it.
#include "handover/incoming.h"

#include <gtest/gtest.h>

#include "recorded_outputs.h"

namespace warren::handover {
namespace {

class IncomingHandOver : public testing::Test {
  protected:
    Told take() { return recorded_.take(); }

    RecordedOutputs recorded_;
    IncomingHandOvers incoming_{recorded_.outputs};
};

TEST_F(IncomingHandOver, ABackupTakesAndAnswersWhenItIsMaster) {
    incoming_.asked(2, vrrp::State::backup, 0);
    EXPECT_EQ(take(), Told{"take 2"});
    EXPECT_FALSE(incoming_.is_idle());
    incoming_.on_transition(2, vrrp::State::master);
    EXPECT_EQ(take(), Told{"taken 2"});
    EXPECT_TRUE(incoming_.is_idle());
}

TEST_F(IncomingHandOver, OthersAnswerAtOnce) {
    incoming_.asked(0, vrrp::State::master, 0);
    incoming_.asked(1, vrrp::State::fault, 0);
    incoming_.asked(2, vrrp::State::initialize, 0);
    EXPECT_EQ(take(), (Told{"taken 0", "refused 1", "refused 2"}));
}

TEST_F(IncomingHandOver, WhoDoesNotBecomeMasterRefuses) {
    incoming_.asked(0, vrrp::State::backup, 0);
    incoming_.asked(1, vrrp::State::backup, 0);
    take();
    incoming_.on_transition(0, vrrp::State::fault);
    EXPECT_EQ(take(), Told{"refused 0"});
    incoming_.tick(IncomingHandOvers::patience_ns - 1);
    EXPECT_TRUE(take().empty());
    incoming_.tick(IncomingHandOvers::patience_ns);
    EXPECT_EQ(take(), Told{"refused 1"});
    incoming_.on_transition(1, vrrp::State::master);
    EXPECT_TRUE(take().empty());
}

TEST_F(IncomingHandOver, AskedAgainItAnswersOnce) {
    incoming_.asked(0, vrrp::State::backup, 0);
    incoming_.asked(0, vrrp::State::backup, 1);
    take();
    incoming_.on_transition(0, vrrp::State::master);
    EXPECT_EQ(take(), Told{"taken 0"});
}

}  // namespace
}  // namespace warren::handover
