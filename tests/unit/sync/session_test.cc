// SPDX-License-Identifier: BSD-3-Clause
// How sessions begin and end, and how records get across.
#include "sync/session.h"

#include <gtest/gtest.h>

#include "pair.h"

namespace warren::sync {
namespace {

using samples::flow;

std::uint64_t count(const Pair&, const Counters& counters, Discard why) {
    return counters.discarded[static_cast<std::size_t>(why)];
}

TEST(Session, ComesUpWithinTwoRoundTrips) {
    Pair pair;
    pair.run(4 * Pair::delay_us);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(pair[i].sink.ups, 1U);
        EXPECT_TRUE(pair[i]->status(pair.now_us).up);
    }
    ASSERT_EQ(pair[1].sink.peers.size(), 1U);
    EXPECT_EQ(pair[1].sink.peers[0].role, Role::master);
    pair.run(3'000'000);
    EXPECT_EQ(pair[0].sink.ups, 1U);
    EXPECT_EQ(pair[0].sink.downs, 0U);
}

TEST(Session, EndsAfterTwoSecondsOfSilenceOnBothSides) {
    Pair pair;
    pair.run(100'000);
    pair.passes = [](std::size_t from, const auto&) { return from == 0; };
    pair.run(silence_us - 100'000);
    EXPECT_EQ(pair[0].sink.downs, 0U);
    pair.run(200'000);
    EXPECT_EQ(pair[0].sink.downs, 1U);
    EXPECT_EQ(pair[1].sink.downs, 0U);  // it hears us still
    pair.run(silence_us);
    EXPECT_EQ(pair[1].sink.downs, 1U);
    EXPECT_EQ(pair[1]->room(pair.now_us), 0U);
    pair.passes = [](std::size_t, const auto&) { return true; };
    pair.run(600'000);
    EXPECT_TRUE(pair[0]->status(pair.now_us).up && pair[1]->status(pair.now_us).up);
}

TEST(Session, ARestartedPeerIsANewSession) {
    Pair pair;
    pair.run(100'000);
    pair[1].session.reset();
    pair.start(1);
    pair.set_role(1, Role::backup);
    pair.run(300'000);
    EXPECT_EQ(pair[0].sink.downs, 1U);
    EXPECT_EQ(pair[0].sink.ups, 2U);
    EXPECT_EQ(pair[0]->counters().bulks_sent, 2U);
}

TEST(Session, AnOldGreetingOnlyGetsAnAnswer) {
    Pair pair;
    std::vector<std::uint8_t> greeting;
    pair.passes = [&](std::size_t from, const auto& datagram) {
        if (from == 1 && header_of(datagram).receiver_nonce == 0) greeting = datagram;
        return true;
    };
    pair.run(100'000);
    ASSERT_FALSE(greeting.empty());
    const std::uint64_t before = pair[0]->counters().out[0].datagrams;
    for (int i = 0; i < 100; ++i) {
        pair[0]->receive(greeting, pair.now_us, 1'000);
        pair.run(1'000);
    }
    EXPECT_EQ(pair[0].sink.downs, 0U);
    EXPECT_LE(pair[0]->counters().out[0].datagrams - before, 3U);
}

TEST(Session, WhatIsNotForThisSessionIsDiscarded) {
    Pair pair;
    std::vector<std::uint8_t> ours, theirs;
    pair.passes = [&](std::size_t from, const auto& datagram) {
        if (header_of(datagram).receiver_nonce != 0) (from == 0 ? ours : theirs) = datagram;
        return true;
    };
    pair.run(1'000'000);
    EXPECT_EQ(pair[0]->discarded_early(theirs), std::nullopt);
    pair[0]->receive(theirs, pair.now_us, 1'000);
    EXPECT_EQ(count(pair, pair[0]->counters(), Discard::replayed), 1U);
    EXPECT_EQ(pair[0]->discarded_early(ours), Discard::wrong_boot);  // reflected
    pair.start(0);
    EXPECT_EQ(pair[0]->discarded_early(theirs), Discard::wrong_boot);
    theirs.pop_back();
    EXPECT_EQ(pair[0]->discarded_early(theirs), Discard::malformed);
    pair[0]->discarded(Discard::bad_tag);
    EXPECT_EQ(count(pair, pair[0]->counters(), Discard::bad_tag), 1U);
    EXPECT_EQ(count(pair, pair[0]->counters(), Discard::wrong_boot), 1U);
}

TEST(Session, BothSpeakTheLowerOfTheHighestVersions) {
    Pair pair;
    pair.start(0, {.lowest_version = 1, .highest_version = 3});
    pair.start(1, {.lowest_version = 1, .highest_version = 2});
    pair.run(500'000);
    EXPECT_EQ(pair[0]->status(pair.now_us).version, 2);
    EXPECT_EQ(pair[1]->status(pair.now_us).version, 2);
}

TEST(Session, WithoutACommonVersionThereIsNoSession) {
    Pair pair;
    pair.start(0, {.lowest_version = 3, .highest_version = 4});
    pair.start(1, {.lowest_version = 1, .highest_version = 2});
    pair.run(1'000'000);
    EXPECT_FALSE(pair[0]->status(pair.now_us).up);
    EXPECT_EQ(pair[0].sink.unintelligible, (std::pair<std::uint8_t, std::uint8_t>(1, 2)));
    EXPECT_EQ(pair[1].sink.unintelligible, (std::pair<std::uint8_t, std::uint8_t>(3, 4)));
}

TEST(Session, MeasuresRoundTripsWithoutACommonClock) {
    Pair pair;
    pair.run(3'000'000);
    EXPECT_GT(pair[0]->status(pair.now_us).rtt_us, 0U);
    EXPECT_LE(pair[0]->status(pair.now_us).rtt_us, 3 * Pair::delay_us);
}

// ---- records

TEST(Session, RecordsWaitForAMillisecondAndTravelTogether) {
    Pair pair;
    pair.run(100'000);
    for (std::uint32_t n = 0; n < 3; ++n)
        pair[0]->offer(flow(n), {0, n}, false, pair.now_us);
    pair.run(batch_us - Pair::delay_us);
    EXPECT_TRUE(pair[1].sink.installed.empty());
    pair.run(3 * Pair::delay_us);
    ASSERT_EQ(pair[1].sink.installed.size(), 3U);
    EXPECT_EQ(pair[1].sink.installed[2].first, flow(2));
    EXPECT_FALSE(pair[0]->is_settled());
    pair.run(ack_delay_us + 3 * Pair::delay_us);
    EXPECT_TRUE(pair[0]->is_settled());
    EXPECT_TRUE(pair[0].sink.acked.empty());
}

TEST(Session, AnUrgentOneLeavesAtOnceAndItsOwnerIsTold) {
    Pair pair;
    pair.run(100'000);
    pair[0]->offer(flow(1), {3, 9}, true, pair.now_us);
    pair.run(3 * Pair::delay_us);
    ASSERT_EQ(pair[1].sink.installed.size(), 1U);
    EXPECT_TRUE(pair[1].sink.installed[0].second);
    EXPECT_EQ(pair[0].sink.acked, (std::vector<Source>{{3, 9}}));
}

TEST(Session, AFullDatagramDoesNotWait) {
    Pair pair;
    pair.run(100'000);
    for (std::uint32_t n = 0; n < 24; ++n)
        pair[0]->offer(flow(n), {0, n}, false, pair.now_us);
    pair.run(2 * Pair::delay_us);
    EXPECT_EQ(pair[1].sink.installed.size(), 23U);
}

TEST(Session, OfALostFlowThePresentStateIsSent) {
    Pair pair;
    pair.run(100'000);
    pair.passes = lose(0, Kind::records, 1);
    pair[0]->offer(flow(1), {2, 7}, true, pair.now_us);
    pair.run(least_loss_us + 1'000);
    ASSERT_EQ(pair[0].sink.again_asked.size(), 1U);
    EXPECT_EQ(pair[0].sink.again_asked[0], (std::pair(Source{2, 7}, flow(1).identity())));
    EXPECT_TRUE(pair[1].sink.installed.empty());
    EXPECT_EQ(pair[0]->counters().lost, 1U);
    FlowRecord newer = flow(1);
    newer.state = flow::TcpState::fin_client;
    pair[0]->offer(newer, {2, 7}, false, pair.now_us);
    pair.run(20'000);
    ASSERT_EQ(pair[1].sink.installed.size(), 1U);
    EXPECT_EQ(pair[1].sink.installed[0].first, newer);
    EXPECT_TRUE(pair[0]->is_settled());
}

TEST(Session, ThreeLaterOnesSayThatOneIsLost) {
    Pair pair;
    pair.run(100'000);
    pair.passes = lose(0, Kind::records, 1);
    for (std::uint32_t n = 0; n < 4; ++n)
        pair[0]->offer(flow(n), {0, n}, true, pair.now_us);
    pair.run(5 * Pair::delay_us);
    ASSERT_EQ(pair[0].sink.again_asked.size(), 1U);
    EXPECT_EQ(pair[0].sink.again_asked[0].second, flow(0).identity());
}

TEST(Session, ALostEndIsSaidAgainFiveTimes) {
    Pair pair;
    pair.run(100'000);
    const EndRecord end = EndRecord::of(flow(1).identity(), EndCause::reset);
    pair.passes = lose(0, Kind::records, 5);
    pair[0]->offer(end, {}, false, pair.now_us);
    pair.run(300'000);
    EXPECT_EQ(pair[1].sink.ended, std::vector<EndRecord>{end});
    EXPECT_TRUE(pair[0].sink.again_asked.empty());
    pair.passes = lose(0, Kind::records, 6);
    pair[0]->offer(end, {}, false, pair.now_us);
    pair.run(400'000);
    EXPECT_EQ(pair[1].sink.ended.size(), 1U);
    EXPECT_EQ(pair[0]->counters().given_up, 1U);
    EXPECT_TRUE(pair[0]->is_settled());
}

TEST(Session, APersistenceEntryTravelsToo) {
    Pair pair;
    pair.run(100'000);
    PersistenceRecord record;
    record.clients = {samples::v4(0x0a000000), 24};
    record.vip = samples::vip;
    record.server_address = samples::v4(0xc0a8080b);
    pair[0]->offer(record, {}, false, pair.now_us);
    pair.run(3'000);
    EXPECT_EQ(pair[1].sink.bound, std::vector<PersistenceRecord>{record});
    pair[1].sink.bound.clear();
    pair.passes = lose(0, Kind::records, 1);
    pair[0]->offer(record, {}, false, pair.now_us);
    pair.run(100'000);
    EXPECT_EQ(pair[1].sink.bound, std::vector<PersistenceRecord>{record}) << "said again";
}

TEST(Session, APartOfWhatIsConfiguredTravelsAsItIs) {
    Pair pair;
    Inventory inventory;
    inventory.router = pair_router;
    inventory.begins = true;
    inventory.facts.push({.vip = samples::vip});
    pair[0]->send_inventory(inventory, pair.now_us);
    pair.run(100'000);
    EXPECT_TRUE(pair[1].sink.inventories.empty()) << "there was nobody yet";
    pair[0]->send_inventory(inventory, pair.now_us);
    pair.run(3'000);
    ASSERT_EQ(pair[1].sink.inventories.size(), 1U);
    EXPECT_TRUE(std::ranges::equal(pair[1].sink.inventories[0].facts, inventory.facts));
}

TEST(Session, AnOvertakenRecordDoesNotBringBackWhatHasEnded) {
    Pair pair;
    pair.run(100'000);
    std::vector<std::uint8_t> late;
    pair.passes = [&late](std::size_t from, const auto& datagram) {
        if (from != 0 || header_of(datagram).kind != Kind::records || !late.empty()) return true;
        late = datagram;
        return false;
    };
    pair[0]->offer(flow(1), {0, 1}, true, pair.now_us);
    pair[0]->offer(EndRecord::of(flow(1).identity(), EndCause::closed), {}, true, pair.now_us);
    pair.run(5 * Pair::delay_us);
    EXPECT_EQ(pair[1].sink.ended.size(), 1U);
    pair[1]->receive(late, pair.now_us, 1'000);
    EXPECT_TRUE(pair[1].sink.installed.empty());
    EXPECT_EQ(pair[1]->counters().outdated, 1U);
}

TEST(Session, WhatTheWorkersHaveNoRoomForComesAgain) {
    Pair pair;
    pair.run(100'000);
    pair[1].sink.has_room = false;
    pair[0]->offer(flow(1), {0, 1}, true, pair.now_us);
    pair.run(10'000);
    EXPECT_FALSE(pair[0]->is_settled());
    EXPECT_EQ(pair[1]->counters().no_room, 1U);
    pair.run(least_loss_us);
    EXPECT_EQ(pair[0].sink.again_asked.size(), 1U);
}

TEST(Session, APeerThatDoesNotAnswerStopsUs) {
    Pair pair;
    pair.run(100'000);
    pair.passes = [](std::size_t from, const auto&) { return from == 0; };
    std::uint32_t n = 0;
    for (; pair[0]->room(pair.now_us) > 0; ++n)
        pair[0]->offer(flow(n), {0, n}, false, pair.now_us);
    EXPECT_LE(n, max_datagram_bytes * 256 / 60);
    EXPECT_GT(n, 3'000U);
    const std::uint64_t refused = pair[0]->counters().refused_now;
    EXPECT_EQ(refused, 0U);
    EXPECT_LE(pair[0]->status(pair.now_us).unacked, 256U);
}

TEST(Session, SendsNoFasterThanItsRate) {
    Pair pair;
    pair.start(0, {.rate = 10'000});
    pair.set_role(0, Role::master);
    pair.run(300'000);
    std::uint32_t n = 0;
    for (int i = 0; i < 10'000; ++i) {
        for (; pair[0]->room(pair.now_us) > 0; ++n)
            pair[0]->offer(flow(n), {0, n}, false, pair.now_us);
        EXPECT_LE(pair[0]->deadline_us(), pair.now_us + 1'000);
        pair.run(Pair::delay_us);
    }
    EXPECT_NEAR(n, 10'000, 400);
}

}  // namespace
}  // namespace warren::sync
