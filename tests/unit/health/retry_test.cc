// SPDX-License-Identifier: BSD-3-Clause
// When is a server down, and when is it asked again? keepalived's meaning of retry, delay_loop,
// delay_before_retry and alpha, as a table.
#include "health/retry.h"

#include <gtest/gtest.h>

#include <sstream>

namespace warren::health {
namespace {

struct Case {
    const char* name;
    std::uint32_t retry;
    bool assume_up;
    const char* outcomes;  // + success, - failure, L local error
    const char*
        expected;  // verdict (+ ok, ? failed_attempt, ! failed), delay (l loop, b before retry)
};

std::string play(const Case& c) {
    RetryCounter counter({.delay_loop_ns = 1000,
                          .delay_before_retry_ns = 10,
                          .retry = c.retry,
                          .assume_up = c.assume_up});
    std::string seen;
    for (const char outcome : std::string_view(c.outcomes)) {
        const Reason reason = outcome == '+'   ? Reason::none
                              : outcome == 'L' ? Reason::local
                                               : Reason::timeout;
        const RetryCounter::Next next = counter.record(reason);
        if (!seen.empty()) seen += ' ';
        seen += next.verdict == Verdict::ok ? '+' : next.verdict == Verdict::failed ? '!' : '?';
        seen += next.delay_ns == 1000 ? 'l' : 'b';
    }
    return seen;
}

class Retry : public testing::TestWithParam<Case> {};

TEST_P(Retry, VerdictsAndDelays) {
    EXPECT_EQ(play(GetParam()), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Keepalived, Retry,
    testing::Values(Case{"Healthy", 1, true, "+++", "+l +l +l"},
                    Case{"OneRetryByDefault", 1, true, "+--", "+l ?b !l"},
                    Case{"NoRetry", 0, true, "+-", "+l !l"},
                    Case{"ThreeRetries", 3, true, "----", "?b ?b ?b !l"},
                    Case{"SuccessForgetsEarlierFailures", 2, true, "--+--+", "?b ?b +l ?b ?b +l"},
                    Case{"DownStaysDownWithoutRetries", 2, true, "-----", "?b ?b !l !l !l"},
                    Case{"UpAgainAtTheFirstSuccess", 1, true, "--+-", "?b !l +l ?b"},
                    Case{"AlphaIsDownAtTheFirstFailure", 3, false, "-+-", "!l +l ?b"},
                    Case{"LocalErrorsAreNotEvidence", 1, true, "LLLL", "?l ?l ?l ?l"},
                    Case{"LocalErrorsDoNotHelpEither", 1, true, "-L-", "?b ?l !l"}),
    [](const testing::TestParamInfo<Case>& c) { return std::string(c.param.name); });

TEST(Retry, AttemptCountsHowOftenTheOutcomeCameInARow) {
    RetryCounter counter({.retry = 1});
    EXPECT_EQ(counter.record(Reason::none).attempt, 1U);
    EXPECT_EQ(counter.record(Reason::none).attempt, 2U);
    EXPECT_EQ(counter.record(Reason::timeout).attempt, 1U);
    EXPECT_EQ(counter.record(Reason::refused).attempt, 2U);
    EXPECT_EQ(counter.record(Reason::refused).attempt, 3U);
    EXPECT_EQ(counter.record(Reason::none).attempt, 1U);
}

}  // namespace
}  // namespace warren::health
