// SPDX-License-Identifier: BSD-3-Clause
// preempt_delay of keepalived, and preemption withheld until the flows are in sync.
#include <gtest/gtest.h>

#include "driver.h"

namespace warren::vrrp {
namespace preempt_test {

constexpr std::uint64_t down_100_ns = 3 * ns_per_s + 609'375'000;

TEST(PreemptDelay, LowerAdvertsAreObeyedUntilItHasPassed) {  // S18
    Settings s = test_settings();
    s.preempt_delay_ns = 5 * ns_per_s;
    Driver d(s);
    d.step(Startup{});
    const std::uint64_t first_ns = d.now_ns;
    std::string log;
    while (!d.is_master()) {
        d.hear(50);
        log = d.wait(ns_per_s);
    }
    EXPECT_EQ(log, "own send(100) announce(1) backup->master:preempted_lower");
    EXPECT_GE(d.now_ns - first_ns, 5 * ns_per_s);
    EXPECT_LE(d.now_ns - first_ns, 5 * ns_per_s + down_100_ns);
}

TEST(PreemptDelay, HigherAdvertCancelsIt) {  // S18
    Settings s = test_settings();
    s.preempt_delay_ns = 5 * ns_per_s;
    Driver d(s);
    d.step(Startup{});
    for (int i = 0; i < 20; ++i) {  // never five seconds of lower ones in a row
        d.hear(i % 4 == 3 ? 200 : 50);
        EXPECT_EQ(d.wait(ns_per_s), "");
    }
}

TEST(PreemptDelay, DoesNotDelayTakingOverFromTheDead) {
    Settings s = test_settings();
    s.preempt_delay_ns = 1000 * ns_per_s;
    Driver d(s);
    d.step(Startup{});
    d.hear(50);
    const std::uint64_t heard_ns = d.now_ns;
    EXPECT_EQ(d.wait(), "own send(100) announce(1) backup->master:master_down");
    EXPECT_EQ(d.now_ns - heard_ns, down_100_ns);
}

TEST(PreemptHold, WithholdsPreemptionUntilReleased) {  // S22
    Driver d(test_settings());
    d.step(PreemptHold{true});
    d.step(Startup{});
    for (int i = 0; i < 60; ++i) {
        d.hear(50);
        EXPECT_EQ(d.wait(ns_per_s), "");
    }
    d.step(PreemptHold{false});
    for (int i = 0; i < 4; ++i) {
        d.hear(50);
        d.wait(ns_per_s);
    }
    EXPECT_TRUE(d.is_master());
}

}  // namespace preempt_test
}  // namespace warren::vrrp
