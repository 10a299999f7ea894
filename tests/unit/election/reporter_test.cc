// SPDX-License-Identifier: BSD-3-Clause
// What the manager is told, how often, and what is counted when it does not listen.
#include "election/reporter.h"

#include <gtest/gtest.h>

namespace warren::election {
namespace {

constexpr std::uint64_t now_ns = 5'000'000'000;

class Reports : public testing::Test {
  protected:
    VrrpReport next() {
        VrrpReport report;
        EXPECT_TRUE(link_.reports.pop(report));
        return report;
    }
    VrrpLink link_;
    Reporter reporter_{4, link_};
    vrrp::Counters counters_;
    vrrp::Heard heard_ = [] {
        vrrp::Heard heard;
        heard.source = net::IpAddress::v4(192, 0, 2, 2);
        return heard;
    }();
};

TEST_F(Reports, ATransitionSaysFromWhatToWhatWhyAndWhen) {
    reporter_.transition(3, {vrrp::State::backup, vrrp::State::master, vrrp::Reason::master_down},
                         now_ns);
    const VrrpReport report = next();
    EXPECT_EQ(report.kind, VrrpReport::Kind::transition);
    EXPECT_EQ(report.router, 3U);
    EXPECT_EQ(report.from, vrrp::State::backup);
    EXPECT_EQ(report.to, vrrp::State::master);
    EXPECT_EQ(report.reason, vrrp::Reason::master_down);
    EXPECT_EQ(report.when_ns, now_ns);
}

// Of what may come more often than its alarm, all are counted; of the others, the alarms.
TEST_F(Reports, AnAlarmSaysHowManyThereWere) {
    counters_.address_conflicts = 40;
    const vrrp::Alarm conflict{vrrp::AlarmKind::address_conflict, heard_.source, {{2}}};
    reporter_.alarm(0, conflict, heard_, counters_, now_ns);
    const VrrpReport report = next();
    EXPECT_EQ(report.total, 40U);
    EXPECT_EQ(report.claimant, conflict.claimant);
    EXPECT_EQ(report.heard.source, heard_.source);
    const vrrp::Alarm owners{vrrp::AlarmKind::two_owners, heard_.source, {}};
    for (const std::uint64_t total : {1U, 2U}) {
        reporter_.alarm(0, owners, heard_, counters_, now_ns);
        EXPECT_EQ(next().total, total);
    }
    reporter_.clear(0);
    reporter_.alarm(0, owners, heard_, counters_, now_ns);
    EXPECT_EQ(next().total, 1U) << "another router has come to the index";
}

TEST_F(Reports, ARefusedAdvertIsToldOnceASecondForEachRouterAndReason) {
    counters_.rejected[static_cast<std::size_t>(vrrp::RejectReason::ttl)] = 9;
    const auto reject = [&](std::size_t router, vrrp::RejectReason reason, std::uint64_t at_ns) {
        reporter_.rejected(router, reason, heard_, counters_, at_ns);
        return link_.reports.size();
    };
    EXPECT_EQ(reject(0, vrrp::RejectReason::ttl, now_ns), 1U);
    EXPECT_EQ(reject(0, vrrp::RejectReason::ttl, now_ns + Reporter::reject_distance_ns - 1), 1U);
    EXPECT_EQ(reject(0, vrrp::RejectReason::ah_replay, now_ns), 2U);
    EXPECT_EQ(reject(1, vrrp::RejectReason::ttl, now_ns), 3U);
    EXPECT_EQ(reject(0, vrrp::RejectReason::ttl, now_ns + Reporter::reject_distance_ns), 4U);
    const VrrpReport first = next();
    EXPECT_EQ(first.total, 9U);
    EXPECT_EQ(first.address, heard_.source);
}

TEST_F(Reports, WhatIsNoLongerUsedIsNamed) {
    const RouterPlan plan;
    const RouterChanges changes;
    reporter_.plan_taken(2, &plan);
    reporter_.reloaded(changes, now_ns);
    reporter_.stopped(now_ns);
    const VrrpReport taken = next();
    EXPECT_EQ(taken.kind, VrrpReport::Kind::plan_taken);
    EXPECT_EQ(taken.plan, &plan);
    EXPECT_EQ(taken.router, 2U);
    const VrrpReport reloaded = next();
    EXPECT_EQ(reloaded.kind, VrrpReport::Kind::reloaded);
    EXPECT_EQ(reloaded.changes, &changes);
    EXPECT_EQ(next().kind, VrrpReport::Kind::stopped);
}

TEST_F(Reports, WhatFindsTheChannelFullIsCounted) {
    for (unsigned i = 0; i < 5000; ++i)
        reporter_.since_takeover(VrrpReport::Kind::traffic, 1, 7, now_ns);
    EXPECT_EQ(link_.counters.reports_lost.value() + link_.reports.size(), 5000U);
    EXPECT_GT(link_.counters.reports_lost.value(), 0U);
    EXPECT_EQ(next().silent_ns, 7U);
    for (unsigned i = 0; i < 5000; ++i)
        reporter_.status({});
    EXPECT_LT(link_.statuses.size(), 5000U) << "a status is sent again soon: not counted";
}

}  // namespace
}  // namespace warren::election
