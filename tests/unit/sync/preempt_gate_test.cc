// SPDX-License-Identifier: BSD-3-Clause
#include "sync/preempt_gate.h"

#include <gtest/gtest.h>

namespace warren::sync {
namespace {

using State = PreemptGate::State;
constexpr std::uint64_t second = 1'000'000;

TEST(PreemptGate, OpensWhenTheBulkHasEndedAndTheTablesWereEqual) {
    PreemptGate gate({}, 0);
    EXPECT_EQ(gate.state(1), State::held);
    gate.bulk_ended(1);
    gate.compared(false, 2);
    EXPECT_EQ(gate.state(2), State::held);
    gate.compared(true, 3);
    EXPECT_EQ(gate.state(3), State::free);
    gate.compared(false, 4);
    EXPECT_EQ(gate.state(4), State::free);
}

// Two empty tables are equal, too.
TEST(PreemptGate, EqualBeforeTheBulkIsNotEnough) {
    PreemptGate gate({}, 0);
    gate.compared(true, 1);
    EXPECT_EQ(gate.state(1), State::held);
    gate.close(1);
    gate.bulk_ended(2);
    EXPECT_EQ(gate.state(2), State::held);
}

TEST(PreemptGate, OpensWhenNobodyElseIsMaster) {
    PreemptGate gate({}, 0);
    gate.nobody_else_is_master();
    EXPECT_EQ(gate.state(1), State::free);
}

TEST(PreemptGate, RunsOutOfPatienceWithoutProgress) {
    PreemptGate gate({60 * second, 300 * second}, 0);
    gate.progress(50 * second);
    EXPECT_EQ(gate.state(109 * second), State::held);
    EXPECT_EQ(gate.deadline_us(), 110 * second);
    EXPECT_EQ(gate.state(110 * second), State::free_unsynced);
    EXPECT_EQ(gate.deadline_us(), ~std::uint64_t{0});
}

TEST(PreemptGate, RunsOutOfPatienceInAll) {
    PreemptGate gate({60 * second, 300 * second}, 0);
    for (std::uint64_t now = 0; now < 300; now += 30) {
        gate.progress(now * second);
        EXPECT_EQ(gate.state(now * second), State::held);
    }
    EXPECT_EQ(gate.state(300 * second), State::free_unsynced);
}

TEST(PreemptGate, ClosesWhenTheRouterStartsAnew) {
    PreemptGate gate({}, 0);
    gate.nobody_else_is_master();
    gate.close(7 * second);
    EXPECT_EQ(gate.state(7 * second), State::held);
    EXPECT_EQ(gate.deadline_us(), 67 * second);
}

}  // namespace
}  // namespace warren::sync
