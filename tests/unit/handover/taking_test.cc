// SPDX-License-Identifier: BSD-3-Clause
// A hand-over as the new master sees it.
#include "handover/taking.h"

#include <gtest/gtest.h>

#include "written_outlets.h"

namespace warren::handover {
namespace {

class TakingOver : public testing::Test {
  protected:
    Told take() { return written_.take(); }

    WrittenOutlets written_;
    Taking taking_{written_.outlets};
};

TEST_F(TakingOver, ABackupTakesAndAnswersWhenItIsMaster) {
    taking_.asked(2, vrrp::State::backup, 0);
    EXPECT_EQ(take(), Told{"take 2"});
    EXPECT_FALSE(taking_.is_idle());
    taking_.on_transition(2, vrrp::State::master);
    EXPECT_EQ(take(), Told{"taken 2"});
    EXPECT_TRUE(taking_.is_idle());
}

TEST_F(TakingOver, OthersAnswerAtOnce) {
    taking_.asked(0, vrrp::State::master, 0);
    taking_.asked(1, vrrp::State::fault, 0);
    taking_.asked(2, vrrp::State::initialize, 0);
    EXPECT_EQ(take(), (Told{"taken 0", "refused 1", "refused 2"}));
}

TEST_F(TakingOver, WhoDoesNotBecomeMasterRefuses) {
    taking_.asked(0, vrrp::State::backup, 0);
    taking_.asked(1, vrrp::State::backup, 0);
    take();
    taking_.on_transition(0, vrrp::State::fault);
    EXPECT_EQ(take(), Told{"refused 0"});
    taking_.tick(Taking::patience_ns - 1);
    EXPECT_TRUE(take().empty());
    taking_.tick(Taking::patience_ns);
    EXPECT_EQ(take(), Told{"refused 1"});
    taking_.on_transition(1, vrrp::State::master);
    EXPECT_TRUE(take().empty());
}

TEST_F(TakingOver, AskedAgainItAnswersOnce) {
    taking_.asked(0, vrrp::State::backup, 0);
    taking_.asked(0, vrrp::State::backup, 1);
    take();
    taking_.on_transition(0, vrrp::State::master);
    EXPECT_EQ(take(), Told{"taken 0"});
}

}  // namespace
}  // namespace warren::handover
