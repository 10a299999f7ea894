// SPDX-License-Identifier: BSD-3-Clause
#include "balance/scheduler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace warren::balance {
namespace scheduler_test {

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
    {"lc ignores weights", Algorithm::lc, 0, {5, 1, 1}, "ABCABC"},
    {"lc skips weight 0", Algorithm::lc, 0, {1, 0, 1}, "ACAC"},
    {"lc starts at the offset", Algorithm::lc, 1, {1, 1, 1}, "BCABC"},
    // IPVS: (flows + 1) / weight, so the quick one is served first and may queue.
    {"sed counts the flow to come", Algorithm::sed, 0, {1, 2, 3}, "CBCCBA"},
    {"sed skips weight 0", Algorithm::sed, 0, {1, 0, 1}, "ACAC"},
    {"nq leaves nobody idle", Algorithm::nq, 0, {1, 2, 3}, "CBACCB"},
    {"nq skips weight 0", Algorithm::nq, 0, {1, 0, 1}, "ACAC"},
    {"fo gives all to the greatest weight", Algorithm::fo, 0, {1, 3, 2}, "BBB"},
    {"fo gives all to the first of equals", Algorithm::fo, 1, {2, 2}, "AA"},
    {"fo fails over", Algorithm::fo, 0, {1, 0, 2}, "CC"},
    {"one server", Algorithm::wlc, 3, {1}, "AAA"},
    {"an offset beyond the servers", Algorithm::wrr, 7, {1, 1, 1}, "BCA"},
    {"nobody eligible: rr", Algorithm::rr, 1, {0, 0}, "--"},
    {"nobody eligible: wrr", Algorithm::wrr, 1, {0, 0}, "--"},
    {"nobody eligible: wlc", Algorithm::wlc, 1, {0, 0}, "--"},
    {"nobody eligible: sed", Algorithm::sed, 1, {0, 0}, "--"},
    {"nobody eligible: nq", Algorithm::nq, 1, {0, 0}, "--"},
    {"nobody eligible: fo", Algorithm::fo, 1, {0, 0}, "--"},
    {"no server: fo", Algorithm::fo, 1, {}, "-"},
    {"no server: lc", Algorithm::lc, 1, {}, "-"},
    {"sh needs its table", Algorithm::sh, 0, {1, 1}, "-"},
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

// Each worker is within one flow of the share of what comes to it, so all together within as many
// as there are workers, however unevenly clients come.
TEST(Scheduler, WorkersTogetherServeByWeight) {
    constexpr std::uint32_t workers = 4;
    const std::vector<std::uint32_t> weights{3, 1, 4};
    for (const Algorithm algorithm : {Algorithm::rr, Algorithm::wrr}) {
        std::vector<Scheduler> schedulers;
        for (std::uint32_t worker = 0; worker < workers; ++worker)
            schedulers.emplace_back(algorithm, worker);
        auto candidates = with_weights(weights);
        std::uint32_t random = 1;
        for (int turn = 1; turn <= 4000; ++turn) {
            random = random * 1'664'525 + 1'013'904'223;
            choices(schedulers[(random >> 16) % 7 % workers], candidates, 1);
            for (const Candidate& c : candidates) {
                const double share = algorithm == Algorithm::rr ? 1.0 / 3 : c.weight / (8.0 * 256);
                // One more: a wrr worker skips its first turns.
                ASSERT_LE(std::abs(c.active_flows - turn * share), 2.0 * workers) << turn;
            }
        }
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

// No flow is there any more when the next one comes: who is a little better must not get them all.
TEST(Scheduler, WlcServesShortFlowsByWeight) {
    Scheduler s(Algorithm::wlc, 1);
    const auto candidates = with_weights({10, 10, 11});
    std::vector<int> served(3);
    for (int turn = 0; turn < 310; ++turn)
        ++served[*s.pick(candidates)];
    EXPECT_NEAR(served[0], 100, 1);
    EXPECT_NEAR(served[1], 100, 1);
    EXPECT_NEAR(served[2], 110, 1);
}

TEST(Scheduler, WlcKeepsNoTurnsForWhoWasAway) {
    Scheduler s(Algorithm::wlc);
    auto candidates = with_weights({1, 1, 0});
    for (int turn = 0; turn < 100; ++turn)
        s.pick(candidates);
    candidates[2].weight = weight_one;
    std::vector<int> served(3);
    for (int turn = 0; turn < 30; ++turn)
        ++served[*s.pick(candidates)];
    EXPECT_NEAR(served[2], 10, 1);
}

TEST(Scheduler, SedAndNqConvergeToTheRatioOfWeights) {
    for (const Algorithm a : {Algorithm::sed, Algorithm::nq}) {
        Scheduler s(a);
        auto candidates = with_weights({4, 2, 1});
        choices(s, candidates, 7'000);
        EXPECT_NEAR(candidates[0].active_flows, 4'000, 2);
        EXPECT_NEAR(candidates[1].active_flows, 2'000, 2);
        EXPECT_NEAR(candidates[2].active_flows, 1'000, 2);
    }
}

TEST(Scheduler, LcEvensOutWhateverTheWeights) {
    Scheduler s(Algorithm::lc);
    auto candidates = with_weights({4, 2, 1});
    candidates[0].active_flows = 50;
    choices(s, candidates, 250);
    for (const Candidate& c : candidates)
        EXPECT_EQ(c.active_flows, 100U);
}

TEST(Scheduler, LeastLoadedDoesNotOverflow) {
    const std::uint32_t most = 65535 * weight_one;
    const std::vector<Candidate> candidates{{0, most, 0xffffffff}, {1, most, 0xfffffffe}};
    for (const Algorithm a : {Algorithm::lc, Algorithm::wlc, Algorithm::sed, Algorithm::nq}) {
        Scheduler s(a);
        EXPECT_EQ(s.pick(candidates), 1U);
    }
}

// A slower server has a smaller effective weight: each scheduler that looks at weights follows it.
// Connections that stay, as AMQP's do.
TEST(Scheduler, ThirtyThousandConnectionsAreWithinTwoPercentOfTheWeights) {
    constexpr std::uint32_t connections = 30'000;
    constexpr std::uint32_t workers = 4;
    const std::vector<std::uint32_t> weights{1, 2, 4};
    for (const Algorithm algorithm : {Algorithm::wrr, Algorithm::wlc}) {
        std::vector<Scheduler> schedulers;
        for (std::uint32_t worker = 0; worker < workers; ++worker)
            schedulers.emplace_back(algorithm, worker);
        std::vector<std::vector<Candidate>> of_worker(workers, with_weights(weights));
        std::vector<double> served(weights.size());
        std::uint64_t random = 1;
        for (std::uint32_t i = 0; i < connections; ++i) {
            const std::size_t worker = (random = random * 6364136223846793005U + 1) >> 62;
            const std::size_t chosen = schedulers[worker].pick(of_worker[worker]).value();
            ++of_worker[worker][chosen].active_flows;
            ++served[chosen];
        }
        for (std::size_t i = 0; i < weights.size(); ++i)
            EXPECT_NEAR(served[i] / (connections * weights[i] / 7.0), 1, 0.02);
    }
}

TEST(Scheduler, HealthFactorsShiftTheShares) {
    for (const Algorithm a : {Algorithm::wrr, Algorithm::wlc, Algorithm::sed, Algorithm::nq}) {
        Scheduler s(a);
        std::vector<Candidate> candidates{{0, weight_one, 0}, {1, weight_one / 4, 0}};
        choices(s, candidates, 1'000);
        EXPECT_NEAR(candidates[1].active_flows, 200, 2);
    }
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
    for (const Algorithm a : {Algorithm::rr, Algorithm::wrr, Algorithm::lc, Algorithm::wlc,
                              Algorithm::sed, Algorithm::nq, Algorithm::fo}) {
        Scheduler s(a);
        for (std::size_t i = 0; i < 2 * candidates_max; ++i)
            ASSERT_LT(s.pick(candidates).value(), candidates_max);
    }
}

}  // namespace scheduler_test
}  // namespace warren::balance
