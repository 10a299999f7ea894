// SPDX-License-Identifier: BSD-3-Clause
// The state machine, (state, event) -> (actions, timers), by the sentences of RFC 3768 6.4 and RFC
// 9568 6.4. Timers of priority 100: v2 at 1 s Skew_Time 609.375 ms, Master_Down_Interval 3609.375
// ms.
#include "vrrp/instance.h"

#include <gtest/gtest.h>

#include "driver.h"
#include "vrrp/timers.h"

namespace warren::vrrp {
namespace instance_test {

constexpr std::uint64_t skew_100_ns = 609'375'000;
constexpr std::uint64_t down_100_ns = 3 * ns_per_s + skew_100_ns;

Settings v3_settings(std::uint64_t interval_ns, std::uint8_t priority = 100) {
    Settings s = test_settings(priority);
    s.version = Version::v3;
    s.advert_interval_ns = interval_ns;
    return s;
}

TEST(Timers, FormulasOfBothVersions) {
    EXPECT_EQ(skew_ns(Version::v2, 100, ns_per_s), skew_100_ns);
    EXPECT_EQ(skew_ns(Version::v2, 100, 10 * ns_per_s),
              skew_100_ns);  // seconds, whatever the interval
    EXPECT_EQ(master_down_ns(Version::v2, 100, ns_per_s), down_100_ns);
    EXPECT_EQ(master_down_ns(Version::v3, 100, 100 * ns_per_ms), 360'937'500U);
    EXPECT_EQ(master_down_ns(Version::v3, 100, 10 * ns_per_ms), 36'093'750U);
    EXPECT_EQ(master_down_ns(Version::v3, 254, 10 * ns_per_ms), 30'078'125U);
}

// ---- 6.4.1 Initialize

TEST(Initialize, OwnerSendsAdvertAndAnnouncesAtOnce) {  // S1: "If the Priority = 255"
    Driver d(test_settings(owner_priority));
    EXPECT_EQ(d.step(Startup{}), "own send(255) announce(1) initialize->master:owner_startup");
}

TEST(Initialize, OthersBecomeBackupForMasterDownInterval) {  // S2
    Driver d(test_settings());
    const std::uint64_t start_ns = d.now_ns;
    EXPECT_EQ(d.step(Startup{}), "disown initialize->backup:startup");
    EXPECT_EQ(d.instance.deadline_ns(), start_ns + down_100_ns);
    d.now_ns = start_ns + down_100_ns - 1;
    EXPECT_EQ(d.step(Tick{d.now_ns}), "");
    d.now_ns = start_ns + down_100_ns;
    EXPECT_EQ(d.step(Tick{d.now_ns}), "own send(100) announce(1) backup->master:master_down");
}

TEST(Initialize, NothingHappensBeforeStartup) {
    Driver d(test_settings());
    EXPECT_EQ(d.hear(200), "");
    EXPECT_EQ(d.step(Tick{d.now_ns}), "");
    EXPECT_EQ(d.step(Shutdown{}), "");
    EXPECT_EQ(d.instance.deadline_ns(), no_deadline);
}

TEST(Initialize, LinkDownAtStartIsFault) {
    Driver d(test_settings());
    d.step(FaultChange{FaultCause::link_down, true});
    EXPECT_EQ(d.step(Startup{}), "initialize->fault:fault");
}

// ---- 6.4.2 Backup

struct BackupRow {
    const char* what;
    std::uint8_t priority;
    bool preempt;
    std::uint64_t wait_ns;  // from the advert on, until we are master
    const char* outcome;
};

TEST(Backup, AdvertDecidesHowLongToWait) {
    constexpr std::uint64_t heard_after_ns = ns_per_s;  // after the start
    const BackupRow rows[] = {
        {"S3: greater: set the Master_Down_Timer", 101, true, down_100_ns, "master_down"},
        {"S3: equal: set it too", 100, true, down_100_ns, "master_down"},
        {"S4: lower, preempt: discard", 99, true, down_100_ns - heard_after_ns, "preempted_lower"},
        {"S5: lower, Preempt_Mode False: set it", 99, false, down_100_ns, "master_down"},
        {"S6: priority zero: set it to Skew_Time", 0, true, skew_100_ns, "priority_zero"},
        {"S6: whatever the mode", 0, false, skew_100_ns, "priority_zero"},
    };
    for (const BackupRow& row : rows) {
        Settings s = test_settings();
        s.preempt = row.preempt;
        Driver d(s);
        d.step(Startup{});
        d.now_ns += heard_after_ns;
        const std::uint64_t heard_ns = d.now_ns;
        EXPECT_EQ(d.hear(row.priority), "") << row.what;
        EXPECT_EQ(d.wait(), std::string("own send(100) announce(1) backup->master:") + row.outcome)
            << row.what;
        EXPECT_EQ(d.now_ns - heard_ns, row.wait_ns) << row.what;
    }
}

TEST(Backup, SendsNothingWhileAMasterIsHeard) {  // T6, 6.4.2
    Driver d(test_settings());
    d.step(Startup{});
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(d.hear(200), "");
        EXPECT_EQ(d.wait(ns_per_s), "");
    }
    EXPECT_EQ(d.instance.status().counters.adverts_sent, 0U);
    EXPECT_EQ(d.instance.status().master_priority, 200);
    EXPECT_EQ(d.instance.status().master_address, net::IpAddress::v4(192, 0, 2, 2));
}

TEST(Backup, ShutdownSaysNothing) {  // S14
    Driver d(test_settings());
    d.step(Startup{});
    EXPECT_EQ(d.step(Shutdown{}), "backup->initialize:shutdown");
    EXPECT_EQ(d.instance.deadline_ns(), no_deadline);
}

TEST(Backup, FloodOfGoodByesDoesNotKeepItFromTakingOver) {
    Driver d(test_settings());
    d.step(Startup{});
    const std::uint64_t first_ns = d.now_ns;
    d.hear(0);
    while (d.now_ns + 10 * ns_per_ms < first_ns + skew_100_ns) {
        d.now_ns += 10 * ns_per_ms;
        d.hear(0);
    }
    EXPECT_EQ(d.wait(), "own send(100) announce(1) backup->master:priority_zero");
    EXPECT_EQ(d.now_ns, first_ns + skew_100_ns);
}

TEST(Backup, LearnsTheMastersIntervalInVersion3) {  // S7, RFC 9568 6.4.2
    Driver d(v3_settings(100 * ns_per_cs));
    d.step(Startup{});
    const std::uint64_t heard_ns = d.now_ns;
    d.hear(200, 2, 300 * ns_per_cs);
    const std::uint64_t skew = 156 * 300 * ns_per_cs / 256;
    EXPECT_EQ(d.instance.deadline_ns(), heard_ns + 900 * ns_per_cs + skew);
    d.wait();
    // A master advertises at its own interval again.
    EXPECT_EQ(d.instance.status().master_interval_ns, 100 * ns_per_cs);
}

// down_timer_adverts (keepalived): another number than the RFCs' three, in both versions.
TEST(Backup, DownTimerAdvertsStretchesMasterDownInterval) {
    for (const std::uint8_t adverts : {1, 5, 100}) {
        for (Settings s : {test_settings(), v3_settings(10 * ns_per_ms)}) {
            s.down_timer_adverts = adverts;
            Driver d(s);
            d.step(Startup{});
            EXPECT_EQ(d.instance.deadline_ns() - d.now_ns,
                      adverts * s.advert_interval_ns +
                          skew_ns(s.version, s.priority, s.advert_interval_ns));
        }
    }
}

// S6 in version 3: Skew_Time of the interval that was learnt.
TEST(Backup, SkewAfterAGoodByeIsOfTheLearntInterval) {
    Driver d(v3_settings(100 * ns_per_cs));
    d.step(Startup{});
    d.hear(200, 2, 300 * ns_per_cs);
    d.hear(0, 2, 300 * ns_per_cs);
    const std::uint64_t heard_ns = d.now_ns;
    EXPECT_EQ(d.wait(), "own send(100) announce(1) backup->master:priority_zero");
    EXPECT_EQ(d.now_ns - heard_ns, skew_ns(Version::v3, 100, 300 * ns_per_cs));
}

// Of a master that is not obeyed nothing is learnt: its interval must not delay a preemption.
TEST(Backup, IgnoredLowerAdvertTeachesNoInterval) {
    Driver d(v3_settings(100 * ns_per_cs));
    d.step(Startup{});
    const std::uint64_t due_ns = d.instance.deadline_ns();
    d.hear(50, 2, 4'000 * ns_per_cs);
    EXPECT_EQ(d.instance.deadline_ns(), due_ns);
    EXPECT_EQ(d.instance.status().master_interval_ns, 100 * ns_per_cs);
}

TEST(Backup, NopreemptTakesOverFromTheDead) {  // S5: only preemption is off
    Settings s = test_settings();
    s.preempt = false;
    Driver d(s);
    d.step(Startup{});
    d.hear(50);
    EXPECT_EQ(d.wait(), "own send(100) announce(1) backup->master:master_down");
    d.settle();
    d.hear(50);
    EXPECT_TRUE(d.is_master()) << "a lower master is answered all the same";
}

// ---- a late worker is not a dead master

TEST(Evidence, MasterDownWaitsUntilTheWorkersHaveEmptiedTheirQueues) {
    Driver d(test_settings());
    d.step(Startup{});
    const std::uint64_t due_ns = d.instance.deadline_ns();
    d.now_ns = due_ns;
    EXPECT_EQ(d.step(Tick{due_ns - 1}), "");
    EXPECT_TRUE(d.instance.waiting_for_workers());
    EXPECT_EQ(d.instance.deadline_ns(), due_ns + MasterDownTimer::evidence_poll_ns);
    d.now_ns = due_ns + 60 * ns_per_s;  // a worker stalled for a minute proves nothing
    EXPECT_EQ(d.step(Tick{due_ns - 1}), "");
    EXPECT_EQ(d.step(Tick{due_ns}), "own send(100) announce(1) backup->master:master_down");
    EXPECT_FALSE(d.instance.waiting_for_workers());
    EXPECT_EQ(d.instance.status().counters.waits_for_workers, 1U);
}

TEST(Evidence, AnAdvertFoundInTheQueueEndsTheWait) {
    Driver d(test_settings());
    d.step(Startup{});
    d.now_ns = d.instance.deadline_ns() + 5 * ns_per_s;
    EXPECT_EQ(d.step(Tick{0}), "");
    EXPECT_EQ(d.hear(200), "");
    EXPECT_FALSE(d.instance.waiting_for_workers());
    EXPECT_EQ(d.instance.deadline_ns(), d.now_ns + down_100_ns);
}

// The workers poll, for one that does not would be a fault by now; what they know does not grow.
TEST(Evidence, AMarkThatNeverMovesIsWaitedForTwoSeconds) {
    Driver d(test_settings());
    d.step(Startup{});
    d.now_ns = d.instance.deadline_ns();
    const std::uint64_t end_ns = d.now_ns + MasterDownTimer::longest_wait_for_workers_ns;
    while (d.now_ns < end_ns) {
        EXPECT_EQ(d.step(Tick{0}), "");
        EXPECT_GT(d.instance.deadline_ns(), d.now_ns);
        EXPECT_LE(d.instance.deadline_ns(), end_ns);
        d.now_ns = d.instance.deadline_ns();
    }
    EXPECT_EQ(d.step(Tick{0}),
              "alarm(unproven_silence) own send(100) announce(1) backup->master:master_down");
}

// This machine was away: its workers get the same time as ever.
TEST(Evidence, TimeInWhichNobodyAskedIsNoWait) {
    Driver d(test_settings());
    d.step(Startup{});
    d.now_ns = d.instance.deadline_ns() + 60 * ns_per_s;
    EXPECT_EQ(d.step(Tick{0}), "");
    d.now_ns += 60 * ns_per_s;
    EXPECT_EQ(d.step(Tick{0}), "");
}

// ---- 6.4.3 Master

TEST(Master, AdvertisesEveryIntervalWithoutDrift) {  // S15: "If the Adver_Timer fires"
    Driver d(test_settings());
    d.become_master();
    const std::uint64_t first_ns = d.now_ns;
    int sent = 0;
    while (sent < 1000) {
        d.now_ns = d.instance.deadline_ns() + 300'000;  // each tick is late
        if (d.step(Tick{d.now_ns}).find("send(100)") != std::string::npos) ++sent;
    }
    EXPECT_NEAR(static_cast<double>(d.now_ns - first_ns), 1000e9, 1e6);
}

TEST(Master, HopelesslyLateAdvertStartsANewRhythm) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    d.now_ns = d.instance.deadline_ns() + 2'500 * ns_per_ms;
    EXPECT_EQ(d.step(Tick{d.now_ns}), "send(100)");
    EXPECT_EQ(d.instance.deadline_ns(), d.now_ns + ns_per_s);
    EXPECT_EQ(d.instance.status().counters.late_adverts, 1U);
}

TEST(Master, SilenceBeyondMasterDownIntervalIsAlarmedAndAnnounced) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    d.now_ns += down_100_ns + ns_per_s;
    EXPECT_EQ(d.step(Tick{d.now_ns}), "alarm(late_advert) send(100) announce(1)");
}

// Its flows are the new master's to tell of: it comes back as any backup does.
TEST(Master, WhoWasSilentUntilAPeerMustHaveTakenOverIsNone) {
    for (const bool preempt : {true, false}) {
        Settings settings = test_settings();
        settings.preempt = preempt;
        Driver d(settings);
        d.become_master();
        d.settle();
        d.now_ns += down_100_ns + 2 * ns_per_s;
        EXPECT_EQ(d.hear(90, 4), "alarm(late_advert) disown master->backup:stalled")
            << "what it hears first is the new master";
        EXPECT_EQ(d.instance.status().counters.late_adverts, 1U);
        d.now_ns += down_100_ns - ns_per_s;
        EXPECT_EQ(d.hear(90, 4), "");
        d.now_ns += ns_per_s;
        const std::string expected = "own send(100) announce(1) backup->master:preempted_lower";
        EXPECT_EQ(d.step(Tick{d.now_ns}), preempt ? expected : "");
    }
}

TEST(Master, WhoWasSilentAndHearsNobodyIsMasterAgain) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    d.now_ns += 60 * ns_per_s;
    EXPECT_EQ(d.step(Tick{d.now_ns}), "alarm(late_advert) disown master->backup:stalled");
    d.now_ns += down_100_ns;
    EXPECT_EQ(d.step(Tick{d.now_ns}), "own send(100) announce(1) backup->master:master_down");
}

TEST(Master, AnOwnerStaysHoweverSilentItWas) {
    Settings settings = test_settings();
    settings.priority = owner_priority;
    Driver d(settings);
    d.step(Startup{});
    d.settle();
    d.now_ns += 60 * ns_per_s;
    EXPECT_EQ(d.step(Tick{d.now_ns}), "alarm(late_advert) send(255) announce(1)");
}

TEST(Master, AdvertOutcomes) {
    struct {
        const char* what;
        std::uint8_t priority, host;  // we are .5
        const char* expected;
    } const rows[] = {
        {"S8: priority zero: send an ADVERTISEMENT", 0, 2, "send(100) announce(1)"},
        {"S9: greater priority: Backup, nothing sent", 101, 2,
         "disown master->backup:higher_priority_heard"},
        {"S10: equal, greater address", 100, 6, "disown master->backup:higher_address_heard"},
        {"S10: compared unsigned", 100, 200, "disown master->backup:higher_address_heard"},
        {"S11: equal, lower address: stays", 100, 4, "alarm(other_master) send(100) announce(1)"},
        {"S12: lower: discard and advertise (RFC 9568)", 99, 200,
         "alarm(other_master) send(100) announce(1)"},
    };
    for (const auto& row : rows) {
        Driver d(test_settings());
        d.become_master();
        d.settle();
        d.now_ns += 500 * ns_per_ms;
        EXPECT_EQ(d.hear(row.priority, row.host), row.expected) << row.what;
    }
}

// S10 and S11 over IPv6: all 128 bits count, and as unsigned numbers.
TEST(Master, EqualPriorityIsSettledByTheWholeIpv6Address) {
    struct {
        const char* theirs;
        bool they_win;
    } const rows[] = {{"fe80::5:0:0:6", true},
                      {"fe80::5:0:0:4", false},
                      {"fe80::ff05:0:0:5", true},
                      {"fe80::4:ffff:ffff:ffff", false}};
    for (const auto& row : rows) {
        Settings s = v3_settings(ns_per_s);
        s.multicast_group = multicast_group_v6;
        s.primary_address = *net::IpAddress::parse("fe80::5:0:0:5");
        s.advert_addresses = {*net::IpAddress::parse("fe80::100")};
        Driver d(s);
        d.become_master();
        Advert advert;
        advert.version = Version::v3;
        advert.priority = 100;
        advert.advert_interval_ns = ns_per_s;
        d.step(AdvertReceived{advert, *net::IpAddress::parse(row.theirs)});
        EXPECT_EQ(d.is_master(), !row.they_win) << row.theirs;
    }
}

// RFC 9568 6.4.3: a master that yields takes the new one's interval, one that stays keeps its own.
TEST(Master, LearnsTheIntervalOfWhomItYieldsTo) {
    Driver d(v3_settings(100 * ns_per_cs));
    d.become_master();
    d.settle();
    d.hear(50, 2, 10 * ns_per_cs);
    EXPECT_EQ(d.instance.status().master_interval_ns, 100 * ns_per_cs);
    d.hear(200, 2, 300 * ns_per_cs);
    EXPECT_EQ(d.instance.deadline_ns(),
              d.now_ns + master_down_ns(Version::v3, 100, 300 * ns_per_cs));
    d.wait();
    EXPECT_EQ(d.instance.status().master_interval_ns, 100 * ns_per_cs);
}

// S20: keepalived 2.2.7 lowers itself to 254 when it hears another owner; we stay what we are
// configured to be, so one of the two owns whatever the other router is.
TEST(Master, OwnerThatYieldedToAnotherOwnerReturnsWhenThatLowersItself) {
    Driver d(test_settings(owner_priority));
    d.become_master();
    d.settle();
    d.hear(owner_priority, 6);
    ASSERT_FALSE(d.is_master());
    EXPECT_EQ(d.instance.status().effective_priority, owner_priority);
    d.hear(254, 6);
    EXPECT_EQ(d.wait(), "own send(255) announce(1) backup->master:preempted_lower");
}

// S13, the other half: what was released before the good-bye stays released, whatever is heard.
TEST(Master, AfterShutdownNothingIsAnswered) {
    Driver d(test_settings());
    d.become_master();
    d.step(Shutdown{});
    for (const std::uint8_t priority : {0, 50, 255})
        EXPECT_EQ(d.hear(priority), "");
    EXPECT_EQ(d.step(AddressConflict{d.settings.advert_addresses[0], {}}), "");
    EXPECT_EQ(d.step(Tick{d.now_ns + 100 * ns_per_s}), "");
}

TEST(Master, YieldsForMasterDownIntervalOfTheNewMaster) {  // S9: "Set the Master_Down_Timer"
    Driver d(test_settings());
    d.become_master();
    d.hear(200);
    EXPECT_EQ(d.instance.deadline_ns(), d.now_ns + down_100_ns);
    EXPECT_EQ(d.instance.status().master_priority, 200);
}

TEST(Master, KeywordsAboutAnswers) {
    Settings s = test_settings();
    s.lower_priority_no_advert = true;
    s.higher_priority_send_advert = true;
    Driver d(s);
    d.become_master();
    d.settle();
    EXPECT_EQ(d.hear(99), "alarm(other_master) announce(1)");
    EXPECT_EQ(d.hear(200), "disown send(100) master->backup:higher_priority_heard");
}

// "Reset the Adver_Timer" is said for priority zero only; keepalived restarts it for anything.
TEST(Master, OnlyPriorityZeroRestartsTheAdvertTimer) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    const std::uint64_t due_ns = d.instance.deadline_ns();
    d.now_ns = due_ns - 300 * ns_per_ms;
    d.hear(99);
    while (d.wait() != "send(100)") {
    }
    EXPECT_EQ(d.now_ns, due_ns);
    d.settle();
    d.now_ns = d.instance.deadline_ns() - 300 * ns_per_ms;
    const std::uint64_t zero_ns = d.now_ns;
    d.hear(0);
    while (d.wait().find("send(100)") == std::string::npos) {
    }
    EXPECT_EQ(d.now_ns, zero_ns + ns_per_s);
}

// R26 and FACTS of the field: a flood neither silences a master nor makes it storm.
TEST(Master, FloodOfAnswersIsLimitedAndNeverSilencesIt) {
    for (const std::uint8_t priority : {0, 99}) {
        Driver d(test_settings());
        d.become_master();
        d.settle();
        const std::uint64_t sent_before = d.instance.status().counters.adverts_sent;
        const std::uint64_t announced_before = d.instance.status().counters.announcements;
        for (int i = 0; i < 100'000; ++i) {  // ten seconds
            d.now_ns += 100'000;
            d.hear(priority);
            d.step(Tick{d.now_ns});
        }
        const std::uint64_t sent = d.instance.status().counters.adverts_sent - sent_before;
        EXPECT_GE(sent, 10U);
        EXPECT_LE(sent, 111U);  // ten answers and the regular one in each interval
        EXPECT_LE(d.instance.status().counters.announcements - announced_before, 11U * 9U);
    }
}

// A good-bye just after our advert could make a backup take over before our next one: the answer
// must come all the same.
TEST(Master, AnswerTooSoonAfterTheLastAdvertIsPostponedNotLost) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    while (d.wait().find("send") == std::string::npos) {
    }
    const std::uint64_t sent_ns = d.now_ns;
    d.now_ns += ns_per_ms;
    EXPECT_EQ(d.hear(0), "announce(1)");
    while (d.wait().find("send") == std::string::npos) {
    }
    EXPECT_EQ(d.now_ns, sent_ns + 100 * ns_per_ms);
}

TEST(Master, ShutdownDisownsThenSaysGoodBye) {  // S13
    Driver d(test_settings());
    d.become_master();
    EXPECT_EQ(d.step(Shutdown{}), "disown send(0) master->initialize:shutdown");
    EXPECT_EQ(d.instance.deadline_ns(), no_deadline);
    EXPECT_EQ(d.instance.status().counters.priority_zero_sent, 1U);
    EXPECT_EQ(d.step(Startup{}), "disown initialize->backup:startup");
}

TEST(Master, TwoOwnersAreSettledByAddressAndAlarmed) {  // R21, RFC 9568 erratum 8298
    for (const bool they_win : {false, true}) {
        Driver d(test_settings(owner_priority));
        d.become_master();
        d.settle();
        const std::string log = d.hear(owner_priority, they_win ? 6 : 4);
        EXPECT_EQ(log.find("alarm(two_owners)"), 0U) << log;
        EXPECT_EQ(d.is_master(), !they_win);
    }
}

// ---- priority

TEST(Priority, ChangesAreClampedAndNeverTouchAnOwner) {  // T5
    struct {
        std::uint8_t configured;
        int tracked;
        int effective;
    } const rows[] = {{100, 50, 50}, {100, -3, 1}, {100, 0, 1}, {100, 300, 254}, {255, 10, 255}};
    for (const auto& row : rows) {
        Driver d(test_settings(row.configured));
        d.step(PriorityChange{row.tracked});
        EXPECT_EQ(d.instance.status().effective_priority, row.effective);
    }
}

TEST(Priority, ChangeMovesARunningMasterDownTimerBySkew) {
    Driver d(test_settings());
    const std::uint64_t start_ns = d.now_ns;
    d.step(Startup{});
    d.now_ns += ns_per_s;
    d.step(PriorityChange{200});
    EXPECT_EQ(d.instance.deadline_ns(), start_ns + master_down_ns(Version::v2, 200, ns_per_s));
}

// Found by the simulation: the deadline moved away while the poll for evidence stayed due, and
// ticks never ended.
TEST(Priority, ChangeWhileWaitingForWorkersMovesTheDeadlineToo) {
    Driver d(test_settings());
    d.step(Startup{});
    d.now_ns = d.instance.deadline_ns();
    d.step(Tick{0});
    d.step(PriorityChange{1});
    EXPECT_FALSE(d.instance.waiting_for_workers());
    EXPECT_GT(d.instance.deadline_ns(), d.now_ns);
}

TEST(Priority, MasterAdvertisesTheNewOne) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    EXPECT_EQ(d.step(PriorityChange{60}), "");
    EXPECT_EQ(d.wait(), "send(60)");
    EXPECT_EQ(d.hear(100), "disown master->backup:higher_priority_heard");
}

// ---- the rest

TEST(Instance, RejectedAdvertsAreCountedAndTouchNoTimer) {  // R1-R26
    Driver d(test_settings());
    d.step(Startup{});
    const std::uint64_t deadline_ns = d.instance.deadline_ns();
    d.now_ns += ns_per_s;
    for (int i = 0; i < 100'000; ++i)
        d.instance.count_rejected(RejectReason::checksum);
    EXPECT_EQ(d.instance.deadline_ns(), deadline_ns);
    EXPECT_EQ(
        d.instance.status().counters.rejected[static_cast<std::size_t>(RejectReason::checksum)],
        100'000U);
    EXPECT_EQ(d.instance.status().last_heard_ns, 0U);
}

TEST(Instance, ClockNeverRunsBackwards) {
    Driver d(test_settings());
    d.step(Startup{});
    const std::uint64_t deadline_ns = d.instance.deadline_ns();
    d.now_ns -= 100 * ns_per_s;
    d.hear(200);
    EXPECT_EQ(d.instance.deadline_ns(), deadline_ns);
}

TEST(Instance, LeaseEndsBeforeAnyPeerTakesOver) {
    Driver d(test_settings());
    EXPECT_LT(d.instance.ownership_lease_ns(), master_down_ns(Version::v2, 254, ns_per_s));
}

}  // namespace instance_test
}  // namespace warren::vrrp
