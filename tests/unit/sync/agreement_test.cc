// SPDX-License-Identifier: BSD-3-Clause
// How two tables are compared and made equal, and how a router is handed over.
#include <gtest/gtest.h>

#include "pair.h"

namespace warren::sync {
namespace {

using samples::flow;

flow::FlowSum sum_of(std::uint32_t first, std::uint32_t last) {
    flow::FlowSum sum;
    for (std::uint32_t n = first; n <= last; ++n)
        sum.add(flow(n).identity().hash({1, 2}));
    return sum;
}

void expect_in_sync(Pair& pair, bool in_sync) {
    for (std::size_t i = 0; i < 2; ++i)
        EXPECT_EQ(pair[i]->router_status(pair_router).in_sync, in_sync) << i;
}

// ---- bulks

TEST(Bulk, ANewSessionBringsAllFlows) {
    Pair pair;
    pair.run(300'000);
    EXPECT_EQ(pair[1].sink.began, std::vector<bool>{true});
    ASSERT_EQ(pair[0].sink.walks.size(), 1U);
    EXPECT_TRUE(pair[0].sink.began.empty());  // the master wants nothing
    pair[0]->offer(flow(1), {0, 1}, false, pair.now_us);
    pair.run(100'000);
    EXPECT_TRUE(pair[1].sink.bulks_ended.empty());
    pair[0]->walked(pair[0].sink.walks[0], pair.now_us);
    pair.run(10'000);
    EXPECT_EQ(pair[1].sink.bulks_ended, std::vector<bool>{true});
    EXPECT_EQ(pair[1]->router_status(pair_router).bulks_ended, 0U);
    pair[1]->swept(pair_router, pair.now_us);
    EXPECT_EQ(pair[1]->router_status(pair_router).bulks_ended, 1U);
    pair.run(3'000'000);
    EXPECT_EQ(pair[0].sink.walks.size(), 1U);
}

TEST(Bulk, NobodyWalksBeforeTheBeginningIsThere) {
    Pair pair;
    pair.passes = lose(0, Kind::bulk_begin, 4);
    pair.run(50'000);
    EXPECT_TRUE(pair[0].sink.walks.empty());
    pair.run(1'000'000);
    EXPECT_EQ(pair[0].sink.walks.size(), 1U);
    EXPECT_EQ(pair[1].sink.began.size(), 1U);
}

// Else the flows of the missing datagram would be erased.
TEST(Bulk, ItsEndWaitsForWhatIsMissing) {
    Pair pair;
    pair.run(300'000);
    pair.passes = lose(0, Kind::records, 1);
    pair[0]->offer(flow(1), {0, 1}, true, pair.now_us);
    pair[0]->walked(pair[0].sink.walks[0], pair.now_us);
    pair.run(10'000);
    EXPECT_TRUE(pair[1].sink.bulks_ended.empty());
    pair.passes = lose(0, Kind::records, 1);  // the answer, too
    while (pair[0].sink.again_asked.empty())
        pair.run(Pair::delay_us);
    pair[0]->offer(flow(1), {0, 1}, true, pair.now_us);
    pair.run(10'000);
    EXPECT_TRUE(pair[1].sink.bulks_ended.empty());
    while (pair[0].sink.again_asked.size() < 2)
        pair.run(Pair::delay_us);
    pair[0]->offer(flow(1), {0, 1}, true, pair.now_us);
    pair.run(300'000);
    EXPECT_EQ(pair[1].sink.installed.size(), 1U);
    EXPECT_EQ(pair[1].sink.bulks_ended.size(), 1U);
}

TEST(Bulk, EachHasAnotherColourUnlessTheLastBrokeOff) {
    Pair pair;
    pair.bulk({flow(1)});
    pair[1]->want_bulk(pair_router, pair.now_us);
    pair.run(10'000);
    EXPECT_EQ(pair[1].sink.began, (std::vector<bool>{true, false}));
    pair.start(0);
    pair.set_role(0, Role::master);
    pair.run(300'000);
    EXPECT_EQ(pair[1].sink.began, (std::vector<bool>{true, false, false}));
}

TEST(Bulk, AMasterIsNotBulked) {
    Pair pair;
    pair.set_role(1, Role::master);
    pair.run(500'000);
    pair[0]->start_bulk(pair_router, pair.now_us);
    pair.run(500'000);
    EXPECT_EQ(pair[0].sink.walks.size(), 1U);
    EXPECT_TRUE(pair[1].sink.began.empty());
    pair.set_role(1, Role::backup);
    pair[0]->walked(pair[0].sink.walks[0], pair.now_us);
    pair.run(100'000);
    EXPECT_EQ(pair[1].sink.began.size(), 1U);
}

TEST(Bulk, OneThatBecomesMasterErasesNothing) {
    Pair pair;
    pair.run(300'000);
    pair.set_role(1, Role::master);
    pair[0]->walked(pair[0].sink.walks[0], pair.now_us);
    pair.run(100'000);
    EXPECT_TRUE(pair[1].sink.bulks_ended.empty());
}

// ---- digests

TEST(Digest, EqualTablesAreSaidToBeEqualByBoth) {
    Pair pair;
    pair.bulk({flow(1), flow(2)});
    expect_in_sync(pair, false);
    pair[0].sum = pair[1].sum = sum_of(1, 2);
    pair.run(1'500'000);
    EXPECT_EQ(pair[1].sink.comparisons, (std::vector<bool>{true, true}))
        << "soon: one may get lost";
    expect_in_sync(pair, true);
    pair.run(300'000);
    EXPECT_EQ(pair[1].sink.comparisons.size(), 2U) << "then each second";
    EXPECT_EQ(pair[1]->router_status(pair_router).peer_flows, 2U);
    EXPECT_GT(pair[0]->router_status(pair_router).equal_us, 0U);
}

TEST(Digest, TwoDifferencesInARowAskForABulk) {
    Pair pair;
    pair.bulk({flow(1)});
    pair[0].sum = pair[1].sum = sum_of(1, 1);
    pair.run(1'500'000);
    expect_in_sync(pair, true);
    pair[1].sum = sum_of(1, 2);
    pair.run(1'000'000);
    EXPECT_EQ(pair[1].sink.began.size(), 1U);
    expect_in_sync(pair, true);
    pair.run(1'000'000);
    EXPECT_EQ(pair[1].sink.began.size(), 2U);
    expect_in_sync(pair, false);
}

TEST(Digest, RefusedFlowsCountAsKnown) {
    Pair pair;
    pair.bulk({flow(1), flow(2)});
    pair[1]->refused(pair_router, flow(2).identity());
    pair[0].sum = sum_of(1, 2);
    pair[1].sum = sum_of(1, 1);
    pair.run(1'500'000);
    EXPECT_EQ(pair[1].sink.comparisons, (std::vector<bool>{true, true}));
    pair[0]->offer(EndRecord::of(flow(2).identity(), EndCause::closed), {}, false, pair.now_us);
    pair[0].sum = sum_of(1, 1);
    pair.run(1'000'000);
    EXPECT_EQ(pair[1].sink.comparisons, (std::vector<bool>{true, true, true}));
    // The worker's word may come after the end.
    pair[1]->refused(pair_router, flow(2).identity());
    EXPECT_EQ(pair[1]->status(pair.now_us).refused, 0U);
}

TEST(Digest, IsNotComparedWhileSomethingIsMissing) {
    Pair pair;
    pair.bulk({});
    pair.run(700'000);
    pair[1].sink.comparisons.clear();
    pair.passes = [](std::size_t from, const auto& datagram) {
        return from != 0 || header_of(datagram).kind != Kind::records;
    };
    for (std::uint32_t n = 0; n < 1'000; ++n) {
        pair[0]->offer(flow(n), {0, n}, false, pair.now_us);
        pair.run(2'000);
    }
    EXPECT_TRUE(pair[1].sink.comparisons.empty());
    EXPECT_GE(pair[1]->counters().not_compared, 1U);
}

TEST(Digest, OneMarkAtATime) {
    Pair pair;
    pair.answers_marks = false;
    pair.bulk({});
    pair.run(1'500'000);
    EXPECT_EQ(pair[0].sink.marks.size(), 1U);
    pair.run(2'500'000);
    EXPECT_EQ(pair[0].sink.marks.size(), 2U);
    pair[0]->sums(pair[0].sink.marks[0], {}, pair.now_us);  // too late
    EXPECT_EQ(pair[0]->counters().out[static_cast<std::size_t>(Kind::digest)].datagrams, 0U);
}

// ---- take-over

TEST(TakeOver, IsHeardWhenAllOfBeforeIsThere) {
    Pair pair;
    pair.bulk({});
    pair.passes = lose(0, Kind::records, 1);
    pair[0]->offer(flow(1), {0, 1}, false, pair.now_us);
    pair[0]->ask_take_over(pair_router, 9, pair.now_us);
    pair.run(10'000);
    EXPECT_TRUE(pair[1].sink.take_overs.empty());
    while (pair[0].sink.again_asked.empty())
        pair.run(Pair::delay_us);
    pair[0]->offer(flow(1), {0, 1}, true, pair.now_us);
    pair.run(10'000);
    EXPECT_EQ(pair[1].sink.installed.size(), 1U);
    EXPECT_EQ(pair[1].sink.take_overs, std::vector<std::uint32_t>{9});
}

TEST(TakeOver, QuestionAndAnswerSurviveLossAndComeOnce) {
    Pair pair;
    pair.bulk({});
    for (const bool agrees : {true, false}) {
        const std::uint32_t ticket = agrees ? 9 : 10;
        pair.passes = lose(0, Kind::take_over, 2);
        pair[0]->ask_take_over(pair_router, ticket, pair.now_us);
        pair.run(200'000);
        EXPECT_EQ(pair[1].sink.take_overs.back(), ticket);
        pair.passes = lose(1, Kind::take_over, 2);
        pair[1]->answer_take_over(pair_router, ticket, agrees, pair.now_us);
        pair.run(200'000);
        EXPECT_EQ(pair[0].sink.answers.back(), (std::pair(ticket, agrees)));
    }
    EXPECT_EQ(pair[1].sink.take_overs.size(), 2U);
    EXPECT_EQ(pair[0].sink.answers.size(), 2U);
}

TEST(TakeOver, AForgottenQuestionHasNoAnswer) {
    Pair pair;
    pair.bulk({});
    pair[0]->ask_take_over(pair_router, 9, pair.now_us);
    pair.run(10'000);
    pair[0]->forget_take_over(pair_router);
    pair[1]->answer_take_over(pair_router, 8, true, pair.now_us);
    pair[1]->answer_take_over(pair_router, 9, true, pair.now_us);
    pair.run(10'000);
    EXPECT_TRUE(pair[0].sink.answers.empty());
}

TEST(Agreement, WhatThePeerSaysAndIsNotHeardIsCounted) {
    Pair pair;
    pair.bulk({});
    int count = 0;
    pair.passes = [&count](std::size_t from, const auto&) { return from != 0 || ++count % 4 != 0; };
    pair.run(60'000'000);
    EXPECT_NEAR(pair[1]->status(pair.now_us).lost_permille, 250, 60);
    EXPECT_EQ(pair[0]->status(pair.now_us).lost_permille, 0U) << "the other way loses nothing";
}

}  // namespace
}  // namespace warren::sync
