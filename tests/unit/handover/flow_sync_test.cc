// SPDX-License-Identifier: BSD-3-Clause
// The manager's side of flow sync: the gate, hand-overs that an operator asks for, the end of the
// process, alarms.
#include "handover/flow_sync.h"

#include <gtest/gtest.h>

#include "recorded_outputs.h"
#include "unit/model/sample_state.h"

namespace warren::handover {
namespace {

using Kind = exchange::SyncReport::Kind;

const std::string block =
    "flow_sync {\nlocal 10.9.0.1\npeer 10.9.0.2\nkey_file /etc/warren/sync.key\n}\n";

class World {
  public:
    explicit World(const std::string& before)
        : state(model::state_of(before + model::router("A", "eth0", 51, "192.168.8.100/24") +
                                model::router("B", "eth1", 52, "192.168.9.100/24"))) {
        for (std::uint16_t router : {0, 1})
            become(router, vrrp::State::master);
    }

    void become(std::uint16_t router, vrrp::State to) {
        vrrp::Status& status = state->routers[router].status;
        election::VrrpReport report;
        report.router = router;
        report.from = std::exchange(status.state, to);
        report.to = to;
        status.effective_priority = 100;
        status.master_priority = to == vrrp::State::master ? 100 : 50;
        sync.on_transition(report, now_ns);
    }
    void report(Kind kind, std::uint16_t router = 0, std::uint64_t missing = 0) {
        exchange::SyncReport report;
        report.kind = kind;
        report.router = router;
        report.missing = missing;
        give(report);
    }
    void alarm(exchange::SyncReport::Alarm alarm, bool over = false, std::uint16_t router = 0) {
        exchange::SyncReport report;
        report.alarm = alarm;
        report.over = over;
        report.router = router;
        give(report);
    }
    void give(const exchange::SyncReport& report) {
        ASSERT_TRUE(channels.reports.push(report));
        sync.look(now_ns);
    }
    void in_sync(std::uint16_t router, bool is_so = true) {
        exchange::SyncStatus peer;
        peer.is_peer = true;
        peer.peer.up = true;
        ASSERT_TRUE(channels.statuses.push(peer));
        exchange::SyncStatus status;
        status.router.router = router;
        status.router.in_sync = is_so;
        ASSERT_TRUE(channels.statuses.push(status));
        sync.look(now_ns);
    }
    // What was told to the control lcore, and ordered from the sync thread.
    Told take() {
        Told all = std::exchange(told, {});
        for (exchange::SyncOrder order; channels.orders.pop(order);)
            all.push_back(text(order));
        return all;
    }
    void execute(const char* words) {
        rows.clear();
        sync.execute(
            read_request(*state, words),
            [this](const std::vector<Row>& answer) {
                for (const Row& row : answer)
                    rows += row.router + (row.done ? "+ " : "- ") + row.text + "\n";
            },
            now_ns);
    }
    std::string last_event() const { return events.at(events.end() - 1).text; }

    std::unique_ptr<model::State> state;
    journal::EventLog events;
    exchange::SyncReports channels;
    Told told;
    std::uint64_t now_ns = 1'000 * ms;
    FlowSync sync{*state, events, channels,
                  [this](const election::VrrpCommand& c) { told.push_back(text(c)); }, now_ns};
    std::string rows;
};

class WithPeer : public testing::Test, protected World {
  protected:
    WithPeer() : World(block) {
        sync.start();
        EXPECT_EQ(take(), (Told{"hold 0", "hold 1"}));
        report(Kind::peer_up);
        in_sync(0);
        in_sync(1);
    }
};

// ---- the gate

TEST(WithoutFlowSync, NobodyIsHeldOrMissed) {
    World world("");
    world.sync.start();
    world.now_ns += 60'000 * ms;
    world.sync.look(world.now_ns);
    EXPECT_TRUE(world.take().empty());
    EXPECT_TRUE(world.sync.picture().alarms().empty());
}

TEST_F(WithPeer, ARouterMayPreemptWhenItsFlowsAreKnown) {
    report(Kind::may_preempt, 1);
    EXPECT_EQ(take(), Told{"release 1"});
    EXPECT_EQ(last_event(), "B: its flows are known here, it may preempt");
    report(Kind::may_preempt, 1);
    EXPECT_TRUE(take().empty());
}

TEST_F(WithPeer, OrWhenThePatienceIsOverWhichIsAnAlarm) {
    report(Kind::gave_up, 0, 12);
    EXPECT_EQ(take(), Told{"release 0"});
    EXPECT_NE(last_event().find("A: it may preempt although flows are not known here: 12 flows"),
              std::string::npos)
        << last_event();
    ASSERT_EQ(sync.picture().alarms().size(), 1U);
    report(Kind::may_preempt, 0);
    EXPECT_TRUE(sync.picture().alarms().empty());
}

TEST_F(WithPeer, ItIsHeldAgainWhenItHasToProveItAnew) {
    report(Kind::may_preempt, 0);
    take();
    report(Kind::hold_preemption, 0);
    EXPECT_EQ(take(), Told{"hold 0"});
}

TEST_F(WithPeer, WhatAReloadBringsIsHeldToo) {
    report(Kind::may_preempt, 1);
    take();
    sync.follow({1}, {1});
    EXPECT_EQ(take(), Told{"hold 1"});
    EXPECT_EQ(sync.picture().find(1), nullptr);
}

// ---- hand-over by order

TEST_F(WithPeer, HandsOverStepByStepAndAnswersAtTheEnd) {
    report(Kind::may_preempt, 0);
    take();
    execute("A");
    EXPECT_EQ(take(), (Told{"offer 0", "ask 0"}));
    EXPECT_TRUE(sync.is_busy());
    report(Kind::asked);
    report(Kind::answered);
    EXPECT_EQ(rows, "");
    become(0, vrrp::State::backup);
    EXPECT_EQ(rows, "A+ handed over: backup until handover --back, standing by\n");
    EXPECT_EQ(take(), Told{"hold 0"});
    EXPECT_FALSE(sync.is_busy());
    report(Kind::may_preempt, 0);
    EXPECT_TRUE(take().empty()) << "the operator's hold stays";
}

TEST_F(WithPeer, AllMeansThoseThatAreMaster) {
    become(1, vrrp::State::backup);
    execute("all");
    EXPECT_EQ(take(), (Told{"offer 0", "ask 0"}));
    now_ns += 500 * ms;
    sync.look(now_ns);
    EXPECT_EQ(rows.substr(0, 3), "A- ") << rows;
    EXPECT_EQ(take(), Told{"withdraw 0"});
}

TEST_F(WithPeer, ItIsRefusedWhereConnectionsWouldBreak) {
    in_sync(0, false);
    execute("A");
    EXPECT_NE(rows.find("A- the peer does not know all of its flows yet"), std::string::npos);
    become(1, vrrp::State::backup);
    execute("B");
    EXPECT_EQ(rows, "B- it is not master here\n");
    EXPECT_TRUE(take().empty());
}

TEST_F(WithPeer, TwiceAtATimeIsRefused) {
    execute("A");
    take();
    execute("A");
    EXPECT_EQ(rows.substr(0, 26), "A- it is being handed over");
    EXPECT_TRUE(take().empty());
}

TEST(Forced, IsPriorityZeroAndAStandbyAfterwards) {
    World world("");
    world.execute("A");
    EXPECT_EQ(world.rows.substr(0, 27), "A- there is no flow_sync: w");
    world.execute("A,force");
    EXPECT_EQ(world.take(), (Told{"hold 0", "fault 0", "no fault 0"}));
    EXPECT_EQ(world.rows.substr(0, 3), "A+ ");
    world.state->routers[1].status.effective_priority = 255;
    world.execute("B,force");
    EXPECT_EQ(world.take(), (Told{"hold 1", "fault 1"})) << "an owner would take it back at once";
}

TEST_F(WithPeer, BackTakesOverWhereItWouldPreemptAnyway) {
    report(Kind::may_preempt, 0);
    execute("A");
    become(0, vrrp::State::backup);
    take();
    execute("A,back");
    EXPECT_EQ(take(), (Told{"no fault 0", "release 0", "take 0"}));
    EXPECT_EQ(rows, "A+ takes over again\n");
    execute("A,back");
    EXPECT_EQ(rows, "A+ it was not handed over\n");
}

TEST_F(WithPeer, WhatIsHandedOverForATimeComesBackUnasked) {
    report(Kind::may_preempt, 0);
    execute("A,for=60000");
    become(0, vrrp::State::backup);
    EXPECT_EQ(rows,
              "A+ handed over: backup until its time is over or handover --back, standing by\n");
    take();
    now_ns += 59'000 * ms;
    sync.look(now_ns);
    EXPECT_EQ(take(), Told{});
    now_ns += 1'000 * ms;
    sync.look(now_ns);
    EXPECT_EQ(take(), (Told{"no fault 0", "release 0", "take 0"}));
    EXPECT_EQ(last_event(), "A: the time of its hand-over is over: it takes over again");
    sync.look(now_ns);
    EXPECT_EQ(take(), Told{}) << "once";
}

TEST_F(WithPeer, AnOrderToComeBackEndsTheTime) {
    report(Kind::may_preempt, 0);
    execute("A,for=60000");
    become(0, vrrp::State::backup);
    execute("A,back");
    execute("A");
    take();
    now_ns += 60'000 * ms;
    sync.look(now_ns);
    EXPECT_EQ(take(), Told{});
}

TEST_F(WithPeer, AnOrderForAllSetsNoTimeForWhatWasGivenBefore) {
    report(Kind::may_preempt, 0);
    execute("A");
    become(0, vrrp::State::backup);
    become(1, vrrp::State::backup);
    execute("all,for=60000");
    take();
    now_ns += 60'000 * ms;
    sync.look(now_ns);
    EXPECT_EQ(take(), Told{}) << "it was given away until --back";
}

TEST_F(WithPeer, BackOfALowerOneOnlyReleases) {
    report(Kind::may_preempt, 0);
    execute("A");
    become(0, vrrp::State::backup);
    state->routers[0].status.master_priority = 150;
    take();
    execute("A,back");
    EXPECT_EQ(take(), (Told{"no fault 0", "release 0"}));
}

TEST_F(WithPeer, BackIsMootOnceItIsMasterAgain) {
    report(Kind::may_preempt, 0);
    execute("A");
    become(0, vrrp::State::backup);
    take();
    become(0, vrrp::State::master);  // the peer has died
    EXPECT_EQ(take(), Told{"release 0"});
}

// ---- asked by the peer

TEST_F(WithPeer, TakesOverWhatThePeerHandsOver) {
    become(0, vrrp::State::backup);
    report(Kind::take_over_asked, 0);
    EXPECT_EQ(take(), Told{"take 0"});
    become(0, vrrp::State::master);
    EXPECT_EQ(take(), Told{"taken 0"});
}

// ---- the end

TEST_F(WithPeer, LeavingHandsOverAllThatIsInSync) {
    in_sync(1, false);
    unsigned left = 0;
    EXPECT_TRUE(sync.leave([&] { ++left; }, now_ns));
    EXPECT_EQ(take(), (Told{"offer 0", "ask 0"}));
    become(0, vrrp::State::backup);
    EXPECT_EQ(left, 1U);
}

TEST_F(WithPeer, LeavingWithNothingToHandOverIsSaidAtOnce) {
    in_sync(0, false);
    in_sync(1, false);
    EXPECT_FALSE(sync.leave([] {}, now_ns));
}

// ---- alarms

TEST_F(WithPeer, AnAlarmIsToldOnceWhenItBeginsAndOnceWhenItEnds) {
    using Alarm = exchange::SyncReport::Alarm;
    const std::uint64_t before = events.end();
    alarm(Alarm::config, false, 1);
    EXPECT_NE(last_event().find("flow sync: B: the peer's configuration is another one (make"),
              std::string::npos)
        << last_event();
    alarm(Alarm::config, false, 1);
    EXPECT_EQ(events.end(), before + 1);
    alarm(Alarm::config, true, 0);  // of another router
    EXPECT_EQ(events.end(), before + 1);
    alarm(Alarm::config, true, 1);
    EXPECT_NE(last_event().find("over"), std::string::npos);
    EXPECT_TRUE(sync.picture().alarms().empty());
}

TEST_F(WithPeer, TheAlarmOfAnotherConfigurationNamesTheFirstThing) {
    using Side = exchange::ConfigDifference::Side;
    using What = exchange::ConfigDifference::What;
    exchange::SyncReport report;
    report.alarm = exchange::SyncReport::Alarm::config;
    report.router = 1;
    give(report);
    report.difference = {.side = Side::ours,
                         .what = What::server,
                         .port = net::Be16(5672),
                         .other_port = net::Be16(5671),
                         .vip = net::IpAddress::v4(192, 168, 9, 100),
                         .other = net::IpAddress::v4(192, 168, 9, 11)};
    give(report);
    const auto shown = [&] { return text(sync.picture().alarms().at(0), *state); };
    EXPECT_EQ(shown(),
              "B: the peer's configuration is another one: only here: real_server "
              "192.168.9.11:5671 of 192.168.9.100:5672");
    EXPECT_EQ(last_event(),
              "config: only here: real_server 192.168.9.11:5671 of 192.168.9.100:5672");
    report.difference.side = Side::peers;
    report.difference.what = What::service;
    give(report);
    EXPECT_EQ(shown(),
              "B: the peer's configuration is another one: only there: virtual_server "
              "192.168.9.100:5672");
    report.difference.side = Side::both;
    give(report);
    EXPECT_NE(shown().find("flow_sync of virtual_server"), std::string::npos) << shown();
    report.difference.what = What::address;
    report.difference.side = Side::ours;
    give(report);
    EXPECT_NE(shown().find("only here: virtual_ipaddress 192.168.9.100"), std::string::npos);
    report.difference.what = What::local_address;
    give(report);
    EXPECT_NE(shown().find("local address 192.168.9.11 of"), std::string::npos);
    report.difference.side = Side::both;
    give(report);
    EXPECT_NE(shown().find("ip_local_port_range at local address 192.168.9.11"), std::string::npos);
}

TEST_F(WithPeer, EachAlarmHasANameAndARemedy) {
    for (std::uint8_t i = 1; i < static_cast<std::uint8_t>(exchange::SyncReport::Alarm::count_);
         ++i)
        alarm(static_cast<exchange::SyncReport::Alarm>(i));
    EXPECT_EQ(sync.picture().alarms().size(), 10U);
    for (const StandingAlarm& standing : sync.picture().alarms()) {
        EXPECT_GT(std::string(name(standing.trouble)).size(), 2U);
        EXPECT_GT(std::string(remedy(standing.trouble)).size(), 20U);
    }
}

TEST_F(WithPeer, ATakeoverWithoutTheFlowsIsOverWhenTheTablesAreEqual) {
    in_sync(0, false);
    exchange::SyncReport unsynced;
    unsynced.alarm = exchange::SyncReport::Alarm::unsynced_takeover;
    unsynced.missing = 12'000 * ms;
    ASSERT_TRUE(channels.reports.push(unsynced));
    sync.look(now_ns);
    EXPECT_NE(last_event().find("not equal: equal 12 s before"), std::string::npos) << last_event();
    in_sync(0);
    EXPECT_TRUE(sync.picture().alarms().empty());
}

TEST_F(WithPeer, AVersionThatIsNotOursIsNamed) {
    exchange::SyncReport report;
    report.alarm = exchange::SyncReport::Alarm::version;
    report.router = 0xffff;
    report.missing = 0x0203;
    give(report);
    EXPECT_NE(last_event().find("that we do: it speaks 2 to 3 ("), std::string::npos)
        << last_event();
    EXPECT_NE(text(sync.picture().alarms().at(0), *state).find("2 to 3"), std::string::npos);
}

TEST_F(WithPeer, AForeignKeyIsNamedBesideOurs) {
    exchange::SyncReport report;
    report.alarm = exchange::SyncReport::Alarm::key;
    report.router = 0xffff;
    report.missing = 0x0a1b2c3d'00000007;
    give(report);
    EXPECT_NE(last_event().find("another key: its key is 0a1b2c3d, ours 00000007 ("),
              std::string::npos)
        << last_event();
}

TEST_F(WithPeer, AlarmsOfTheSessionNameNoRouter) {
    alarm(exchange::SyncReport::Alarm::key, false, 0xffff);
    EXPECT_EQ(sync.picture().alarms().size(), 1U);
    alarm(exchange::SyncReport::Alarm::config, false, 0xffff);
    EXPECT_EQ(sync.picture().alarms().size(), 1U) << "of which router?";
}

TEST_F(WithPeer, APeerThatGoesIsMissed) {
    report(Kind::peer_down);
    EXPECT_NE(last_event().find("flow sync: no peer answers"), std::string::npos);
    report(Kind::peer_up);
    EXPECT_TRUE(sync.picture().alarms().empty());
}

TEST_F(WithPeer, ALongLagIsStale) {
    exchange::SyncStatus peer;
    peer.is_peer = true;
    peer.peer.up = true;
    peer.peer.lag_ns = 6'000 * ms;
    ASSERT_TRUE(channels.statuses.push(peer));
    sync.look(now_ns);
    EXPECT_NE(last_event().find("stale"), std::string::npos);
    in_sync(0);
    EXPECT_TRUE(sync.picture().alarms().empty());
}

TEST(AThreadThatSaysNothing, IsMissedAfterAWhile) {
    World world(block);
    world.sync.look(world.now_ns + FlowSync::thread_patience_ns);
    EXPECT_EQ(world.sync.picture().alarms().size(), 1U) << "of the peer";
    world.now_ns += FlowSync::thread_patience_ns + 1;
    world.sync.look(world.now_ns);
    ASSERT_EQ(world.sync.picture().alarms().size(), 2U);
    EXPECT_EQ(name(world.sync.picture().alarms()[1].trouble), std::string("sync_stalled"));
    world.in_sync(0);
    EXPECT_EQ(world.sync.picture().alarms().size(), 1U);
}

TEST(APeerThatNeverCame, IsMissedAfterAWhile) {
    World world(block);
    world.sync.look(world.now_ns + FlowSync::first_patience_ns);
    EXPECT_TRUE(world.sync.picture().alarms().empty());
    world.sync.look(world.now_ns + FlowSync::first_patience_ns + 1);
    EXPECT_EQ(world.sync.picture().alarms().size(), 1U);
}

TEST_F(WithPeer, RecordsOfNoRouterOfOursChangeNothing) {
    report(Kind::may_preempt, 700);
    report(Kind::take_over_asked, 700);
    in_sync(700);
    EXPECT_TRUE(take().empty());
}

}  // namespace
}  // namespace warren::handover
