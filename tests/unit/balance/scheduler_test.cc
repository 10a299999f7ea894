// SPDX-License-Identifier: BSD-3-Clause
#include "balance/scheduler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace warren::balance {
namespace {

std::vector<Candidate> with_weights(const std::vector<std::uint32_t>& weights) {
    std::vector<Candidate> all;
    for (const std::uint32_t w : weights)
        all.push_back({static_cast<std::uint16_t>(all.size()), w * weight_one, 0});
    return all;
}

// The servers chosen in `turns` turns, as letters; wlc sees its own choices as live flows.
std::string choices(Scheduler& s, std::vector<Candidate>& candidates, int turns) {
    std::string text;
    for (; turns > 0; --turns) {
        const auto chosen = s.pick(candidates);
        text += chosen ? static_cast<char>('A' + *chosen) : '-';
        if (chosen) ++candidates[*chosen].active_flows;
    }
    return text;
}

struct Case {
    const char* name;
    Algorithm algorithm;
    std::uint32_t offset;
    std::vector<std::uint32_t> weights;
    const char* expected;
};

const Case cases[] = {
    {"rr takes turns", Algorithm::rr, 0, {1, 1, 1}, "ABCABC"},
    {"rr ignores weights", Algorithm::rr, 0, {5, 1, 1}, "ABCABC"},
    {"rr skips weight 0", Algorithm::rr, 0, {1, 0, 1}, "ACAC"},
    {"rr starts at the offset", Algorithm::rr, 2, {1, 1, 1}, "CABC"},
    {"wrr gives each his share, spread out", Algorithm::wrr, 0, {3, 1, 1}, "ABACAABACA"},
    {"wrr with equal weights is rr", Algorithm::wrr, 0, {2, 2, 2}, "ABCABC"},
    {"wrr starts at the offset", Algorithm::wrr, 1, {1, 1, 1}, "BCABC"},
    {"wrr skips weight 0", Algorithm::wrr, 0, {0, 1, 1}, "BCBC"},
    {"wlc fills by weight", Algorithm::wlc, 0, {2, 1, 1}, "ABCA"},
    {"wlc ties go round", Algorithm::wlc, 0, {1, 1, 1}, "ABCABC"},
    {"wlc starts at the offset", Algorithm::wlc, 1, {1, 1, 1}, "BCABC"},
    {"wlc skips weight 0", Algorithm::wlc, 0, {1, 0, 1}, "ACAC"},
    {"one server", Algorithm::wlc, 3, {1}, "AAA"},
    {"an offset beyond the servers", Algorithm::wrr, 7, {1, 1, 1}, "BCA"},
    {"nobody eligible: rr", Algorithm::rr, 1, {0, 0}, "--"},
    {"nobody eligible: wrr", Algorithm::wrr, 1, {0, 0}, "--"},
    {"nobody eligible: wlc", Algorithm::wlc, 1, {0, 0}, "--"},
    {"no server: rr", Algorithm::rr, 1, {}, "-"},
    {"no server: wrr", Algorithm::wrr, 1, {}, "-"},
    {"no server: wlc", Algorithm::wlc, 1, {}, "-"},
};

TEST(Scheduler, ChoosesInThisOrder) {
    for (const Case& c : cases) {
        Scheduler s(c.algorithm, c.offset);
        auto candidates = with_weights(c.weights);
        const std::string expected = c.expected;
        EXPECT_EQ(choices(s, candidates, static_cast<int>(expected.size())), expected) << c.name;
    }
}

TEST(Scheduler, WrrServesExactlyByWeightInEveryPeriod) {
    Scheduler s(Algorithm::wrr, 5);
    const std::vector<std::uint32_t> weights{7, 1, 3, 5};
    for (int period = 0; period < 4; ++period) {
        auto candidates = with_weights(weights);
        if (period == 0) choices(s, candidates, 16 - 5 % 4);  // to the end of the first period
        candidates = with_weights(weights);
        choices(s, candidates, 16);
        for (std::size_t i = 0; i < weights.size(); ++i)
            EXPECT_EQ(candidates[i].active_flows, weights[i]);
    }
}

TEST(Scheduler, WrrStaysWithinOneFlowOfTheIdealShareAlways) {
    Scheduler s(Algorithm::wrr);
    std::vector<Candidate> candidates{{0, 256, 0}, {1, 231, 0}, {2, 26, 0}};
    const double total = 256 + 231 + 26;
    for (int turn = 1; turn <= 5000; ++turn) {
        choices(s, candidates, 1);
        for (const Candidate& c : candidates)
            ASSERT_LE(std::abs(c.active_flows - turn * c.weight / total), 1.0) << turn;
    }
}

TEST(Scheduler, WlcConvergesToTheRatioOfWeightsFromAnyStart) {
    Scheduler s(Algorithm::wlc);
    auto candidates = with_weights({4, 2, 1});
    candidates[2].active_flows = 100;
    choices(s, candidates, 600);
    EXPECT_EQ(candidates[0].active_flows, 400U);
    EXPECT_EQ(candidates[1].active_flows, 200U);
    EXPECT_EQ(candidates[2].active_flows, 100U);
}

TEST(Scheduler, WlcDoesNotOverflow) {
    Scheduler s(Algorithm::wlc);
    const std::uint32_t most = 65535 * weight_one;
    const std::vector<Candidate> candidates{{0, most, 0xffffffff}, {1, most, 0xfffffffe}};
    EXPECT_EQ(s.pick(candidates), 1U);
}

TEST(Scheduler, WrrForgetsDebtsAndSavingsFromATimeOfOtherWeights) {
    Scheduler s(Algorithm::wrr);
    auto candidates = with_weights({1, 1000});
    while (candidates[0].active_flows == 0)
        choices(s, candidates, 1);  // A owes nearly a period
    candidates = with_weights({1, 1});
    choices(s, candidates, 8);
    EXPECT_GE(candidates[0].active_flows, 3U);
    EXPECT_GE(candidates[1].active_flows, 3U);
}

TEST(Scheduler, AServerThatComesBackHasNoSavings) {
    Scheduler s(Algorithm::wrr);
    auto candidates = with_weights({1, 1});
    candidates[1].weight = 0;
    choices(s, candidates, 1000);
    candidates[1].weight = weight_one;
    EXPECT_EQ(choices(s, candidates, 6).find("BBB"), std::string::npos);
}

TEST(Scheduler, WorkersWithDifferentOffsetsBeginWithDifferentServers) {
    for (const Algorithm a : {Algorithm::rr, Algorithm::wrr, Algorithm::wlc}) {
        std::string firsts;
        for (std::uint32_t worker = 0; worker < 3; ++worker) {
            Scheduler s(a, worker);
            auto candidates = with_weights({1, 1, 1});
            firsts += choices(s, candidates, 1);
        }
        EXPECT_EQ(firsts, "ABC");
    }
}

TEST(Scheduler, MoreCandidatesThanTheMaximumAreNeverChosen) {
    const auto candidates = with_weights(std::vector<std::uint32_t>(candidates_max + 10, 1));
    for (const Algorithm a : {Algorithm::rr, Algorithm::wrr, Algorithm::wlc}) {
        Scheduler s(a);
        for (std::size_t i = 0; i < 2 * candidates_max; ++i)
            ASSERT_LT(s.pick(candidates).value(), candidates_max);
    }
}

}  // namespace
}  // namespace warren::balance
