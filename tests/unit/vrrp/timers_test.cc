// SPDX-License-Identifier: BSD-3-Clause
// A backup's timer with the workers' evidence, and a master's: without a state machine around them.
#include <gtest/gtest.h>

#include "vrrp/advert_timer.h"
#include "vrrp/master_down_timer.h"

namespace warren::vrrp {
namespace timers_test {

constexpr std::uint64_t start_ns = 100 * ns_per_s;
constexpr std::uint64_t wait_ns = 3 * ns_per_s;
constexpr std::uint64_t due_ns = start_ns + wait_ns;

class MasterDown : public testing::Test {
  protected:
    void SetUp() override { timer_.arm(start_ns, wait_ns); }
    // Asks whenever it wants to be asked; returns when it no longer waits.
    std::uint64_t ask_until_decided(std::uint64_t rx_seen_ns, Silence expected) {
        std::uint64_t now_ns = timer_.deadline_ns();
        while (timer_.judge(rx_seen_ns, now_ns) == Silence::open)
            now_ns = timer_.deadline_ns();
        EXPECT_EQ(timer_.judge(rx_seen_ns, now_ns), expected);
        return now_ns;
    }
    MasterDownTimer timer_;
};

TEST(MasterDownTimer, IsNeverDueUnlessArmed) {
    const MasterDownTimer timer;
    EXPECT_EQ(timer.deadline_ns(), no_deadline);
    EXPECT_FALSE(timer.is_due(start_ns));
}

TEST_F(MasterDown, IsDueAfterItsTimeAndNotBefore) {
    EXPECT_EQ(timer_.deadline_ns(), due_ns);
    EXPECT_FALSE(timer_.is_due(due_ns - 1));
    EXPECT_TRUE(timer_.is_due(due_ns));
}

TEST_F(MasterDown, IsHastenedNeverPutOff) {
    timer_.hasten(start_ns, wait_ns + 1);
    EXPECT_EQ(timer_.deadline_ns(), due_ns);
    timer_.hasten(start_ns, wait_ns - 1);
    EXPECT_EQ(timer_.deadline_ns(), due_ns - 1);
}

TEST_F(MasterDown, FollowsASkewInBothDirections) {
    timer_.shift(500, 200);
    EXPECT_EQ(timer_.deadline_ns(), due_ns - 300);
    timer_.shift(200, 900);
    EXPECT_EQ(timer_.deadline_ns(), due_ns + 400);
}

TEST_F(MasterDown, EvidenceOfTheDeadlineItselfIsEnough) {
    EXPECT_EQ(timer_.judge(due_ns, due_ns), Silence::proven);
    EXPECT_FALSE(timer_.is_waiting());
}

TEST_F(MasterDown, WithoutEvidenceItAsksAgainAtGrowingDistances) {
    EXPECT_EQ(timer_.judge(due_ns - 1, due_ns), Silence::open);
    EXPECT_TRUE(timer_.is_waiting());
    EXPECT_EQ(timer_.deadline_ns(), due_ns + MasterDownTimer::evidence_poll_ns);
    const std::uint64_t late_ns = 4 * ns_per_ms;
    EXPECT_EQ(timer_.judge(due_ns - 1, due_ns + late_ns), Silence::open);
    EXPECT_EQ(timer_.deadline_ns(), due_ns + 2 * late_ns) << "as long again as it has taken";
    EXPECT_EQ(timer_.judge(due_ns - 1, due_ns + ns_per_s), Silence::open);
    EXPECT_EQ(timer_.deadline_ns(), due_ns + ns_per_s + MasterDownTimer::longest_evidence_poll_ns);
    EXPECT_EQ(timer_.judge(due_ns, timer_.deadline_ns()), Silence::proven);
}

TEST_F(MasterDown, WaitsForEvidenceTwoSecondsAtMost) {
    const std::uint64_t end_ns = ask_until_decided(due_ns - 1, Silence::unproven);
    EXPECT_EQ(end_ns, due_ns + MasterDownTimer::longest_wait_for_workers_ns);
}

TEST_F(MasterDown, TimeInWhichNobodyAskedIsNoWait) {
    EXPECT_EQ(timer_.judge(0, due_ns), Silence::open);
    EXPECT_EQ(timer_.judge(0, due_ns + 3600 * ns_per_s), Silence::open);
    EXPECT_TRUE(timer_.is_waiting());
}

TEST_F(MasterDown, ArmedAgainItWaitsForNobodyAndTheNextWaitIsWhole) {
    ask_until_decided(0, Silence::unproven);
    timer_.arm(due_ns + 10 * ns_per_s, wait_ns);
    EXPECT_FALSE(timer_.is_waiting());
    EXPECT_EQ(timer_.deadline_ns(), due_ns + 10 * ns_per_s + wait_ns);
    const std::uint64_t again_ns = timer_.deadline_ns();
    EXPECT_EQ(ask_until_decided(0, Silence::unproven),
              again_ns + MasterDownTimer::longest_wait_for_workers_ns);
}

TEST_F(MasterDown, AShiftOrADecisionEndsTheWait) {
    timer_.judge(0, due_ns);
    timer_.shift(0, 1);
    EXPECT_FALSE(timer_.is_waiting());
    timer_.judge(0, due_ns + 1);
    timer_.stop_waiting();
    EXPECT_FALSE(timer_.is_waiting());
}

// ---- the master's

class Adverts : public testing::Test {
  protected:
    void SetUp() override {
        timer_.note_sent(start_ns);
        timer_.restart(start_ns, ns_per_s);
    }
    AdvertTimer timer_;
};

TEST_F(Adverts, LateOnesDoNotMoveTheRhythm) {
    EXPECT_FALSE(timer_.is_due(start_ns + ns_per_s - 1));
    for (unsigned i = 1; i < 100; ++i) {
        EXPECT_EQ(timer_.deadline_ns(), start_ns + i * ns_per_s);
        EXPECT_TRUE(timer_.advance(timer_.deadline_ns() + 300'000, ns_per_s));
    }
}

TEST_F(Adverts, AWholeIntervalMissedBeginsANewRhythm) {
    const std::uint64_t now_ns = start_ns + 2 * ns_per_s;
    EXPECT_FALSE(timer_.advance(now_ns, ns_per_s));
    EXPECT_EQ(timer_.deadline_ns(), now_ns + ns_per_s);
    EXPECT_EQ(timer_.silent_ns(now_ns), 2 * ns_per_s) << "only what was sent ends the silence";
}

TEST_F(Adverts, AnAnswerKeepsATenthOfAnIntervalsDistance) {
    timer_.request_answer(start_ns + 1, ns_per_s);
    EXPECT_EQ(timer_.deadline_ns(), start_ns + 100 * ns_per_ms);
    EXPECT_FALSE(timer_.is_answer_due(start_ns + 100 * ns_per_ms - 1));
    EXPECT_TRUE(timer_.is_answer_due(start_ns + 100 * ns_per_ms));
    timer_.note_sent(start_ns + 100 * ns_per_ms);
    EXPECT_FALSE(timer_.is_answer_due(start_ns + ns_per_s)) << "any advert is an answer";
    EXPECT_EQ(timer_.deadline_ns(), start_ns + ns_per_s) << "the rhythm goes on";
    timer_.request_answer(start_ns + 500 * ns_per_ms, ns_per_s);
    EXPECT_TRUE(timer_.is_answer_due(start_ns + 500 * ns_per_ms)) << "long after the last: at once";
}

TEST_F(Adverts, AnotherIntervalNeverMakesTheNextLater) {
    timer_.hasten(start_ns, 5 * ns_per_s);
    EXPECT_EQ(timer_.deadline_ns(), start_ns + ns_per_s);
    timer_.hasten(start_ns, ns_per_s / 2);
    EXPECT_EQ(timer_.deadline_ns(), start_ns + ns_per_s / 2);
}

}  // namespace timers_test
}  // namespace warren::vrrp
