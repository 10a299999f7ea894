// SPDX-License-Identifier: BSD-3-Clause
// What became of flows, as the workers' events say it.
#include "metrics/flow_tally.h"

#include <gtest/gtest.h>

#include <numeric>

namespace warren::metrics {
namespace {

using exchange::EndCause;
using exchange::FlowEvent;
using exchange::FlowEventKind;

std::uint64_t ended(const FlowTally& tally, std::uint16_t service, std::string_view cause) {
    const ServiceTally counted = tally.service(service);
    for (std::size_t i = 0; i < ending_count; ++i)
        if (ending_name(i) == cause) return counted.endings[i];
    ADD_FAILURE() << "no cause " << cause;
    return 0;
}

TEST(FlowTally, CountsEachEndingOnce) {
    FlowTally tally;
    tally.take({.service = 3, .kind = FlowEventKind::ended, .cause = EndCause::server_down});
    tally.take({.service = 3, .kind = FlowEventKind::refused});
    tally.take({.service = 3, .kind = FlowEventKind::refused, .replayed = true});
    tally.take({.service = 3, .kind = FlowEventKind::unanswered});
    tally.take({.service = 3, .kind = FlowEventKind::turned_away, .cause = EndCause::no_server});
    tally.take({.service = 3, .kind = FlowEventKind::stray});
    tally.take({.service = 3, .kind = FlowEventKind::moved});
    EXPECT_EQ(ended(tally, 3, "server_down"), 1U);
    EXPECT_EQ(ended(tally, 3, "refused"), 1U) << "a replayed SYN has another server";
    EXPECT_EQ(ended(tally, 3, "unanswered"), 1U);
    EXPECT_EQ(ended(tally, 3, "no_server"), 1U);
    const auto all = tally.service(3).endings;
    EXPECT_EQ(std::accumulate(all.begin(), all.end(), 0U), 4U)
        << "a takeover ends nothing: neither strays nor what has moved";
    EXPECT_EQ(ended(tally, 2, "server_down"), 0U);
    EXPECT_EQ(ended(tally, 400, "server_down"), 0U);
}

TEST(FlowTally, PutsConnectTimesIntoTheirBuckets) {
    FlowTally tally;
    for (const std::uint32_t us : {500U, 501U, 3'000'000U})
        tally.take({.server = 7, .service = 1, .latency_us = us});
    const ConnectTimes times = tally.service(1).connects;
    EXPECT_EQ(times.buckets.front(), 1U) << "a bound belongs to its bucket";
    EXPECT_EQ(times.buckets[1], 1U);
    EXPECT_EQ(times.buckets.back(), 1U);
    EXPECT_EQ(times.count, 3U);
    EXPECT_NEAR(times.sum_s, 3.001001, 1e-9);
    EXPECT_EQ(tally.server(7).connections, 3U);
    EXPECT_EQ(tally.server(7).connects.count, 3U);
    EXPECT_NEAR(tally.server(7).connects.sum_s, 3.001001, 1e-9);
}

TEST(FlowTally, ASynThatAnotherServerGotCountsAsItsWait) {
    FlowTally tally;
    tally.take({.server = 7,
                .service = 1,
                .kind = FlowEventKind::unanswered,
                .replayed = true,
                .latency_us = 200'000});
    tally.take({.server = 7, .service = 1, .kind = FlowEventKind::unanswered});
    EXPECT_EQ(tally.server(7).connections, 0U);
    EXPECT_EQ(tally.server(7).connects.count, 1U);
    EXPECT_NEAR(tally.server(7).connects.sum_s, 0.2, 1e-9);
    EXPECT_EQ(tally.service(1).connects.count, 0U);
}

TEST(FlowTally, AnAnswerThatNobodySawTookNoKnownTime) {
    FlowTally tally;
    tally.take({.server = 7, .service = 1, .latency_us = 0});
    EXPECT_EQ(tally.server(7).connections, 1U);
    EXPECT_EQ(tally.server(7).connects.count, 0U);
    EXPECT_EQ(tally.service(1).connects.count, 0U);
}

TEST(FlowTally, CountsTheResetsOfAServer) {
    FlowTally tally;
    for (const EndCause cause : {EndCause::server_reset, EndCause::server_fin, EndCause::idle})
        tally.take({.server = 7, .service = 1, .kind = FlowEventKind::ended, .cause = cause});
    EXPECT_EQ(tally.server(7).resets, 1U);
}

TEST(FlowTally, AnIndexMayBecomeAnothers) {
    FlowTally tally;
    tally.take({.server = 7, .service = 1, .latency_us = 1});
    tally.begin_service(1, {.strays = 5});
    tally.begin_server(7);
    tally.begin_server(4'000);
    EXPECT_EQ(tally.service(1).connects.count, 0U);
    EXPECT_EQ(tally.service(1).before.strays, 5U);
    EXPECT_EQ(tally.server(7).connections, 0U);
}

TEST(FlowTally, WhatIsOfNobodyIsLeftOut) {
    FlowTally tally;
    tally.take({.server = 0xffff, .service = 0xffff, .latency_us = 1});
    tally.take({.server = 0xffff, .service = 1, .latency_us = 1});
    EXPECT_EQ(tally.service(1).connects.count, 1U);
    EXPECT_EQ(tally.server(0xffff).connections, 0U);
}

}  // namespace
}  // namespace warren::metrics
