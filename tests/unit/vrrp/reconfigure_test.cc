// SPDX-License-Identifier: BSD-3-Clause
// New settings for a router that runs: who is master stays master, timers that mean the same go on,
// and the LAN hears what is news to it.
#include <gtest/gtest.h>

#include "driver.h"
#include "vrrp/timers.h"

namespace warren::vrrp {
namespace reconfigure_test {

Settings with_another_address(Settings s) {
    s.advert_addresses.push_back(net::IpAddress::v4(192, 0, 2, 101));
    return s;
}

TEST(Reconfigure, NothingNewIsNoEventToAMaster) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    const std::uint64_t deadline_ns = d.instance.deadline_ns();
    const Settings next = test_settings();
    EXPECT_EQ(d.step(Reconfigure{&next}), "");
    EXPECT_TRUE(d.is_master());
    EXPECT_EQ(d.instance.deadline_ns(), deadline_ns);
    EXPECT_EQ(&d.instance.settings(), &next);
}

TEST(Reconfigure, AMasterSaysItsNewPriorityAtOnceAndKeepsItsRhythm) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    d.wait();
    d.now_ns += ns_per_s / 2;
    const std::uint64_t deadline_ns = d.instance.deadline_ns();
    const Settings next = test_settings(120);
    EXPECT_EQ(d.step(Reconfigure{&next}), "send(120)");
    EXPECT_EQ(d.instance.deadline_ns(), deadline_ns);
    EXPECT_EQ(d.wait(), "send(120)");
}

TEST(Reconfigure, ManyOfThemDoNotStorm) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    d.wait();
    const std::uint64_t sent = d.instance.status().counters.adverts_sent;
    const Settings even = test_settings(110), odd = test_settings(120);
    for (int i = 0; i < 100; ++i) {
        d.now_ns += ns_per_ms;
        d.step(Reconfigure{i % 2 == 0 ? &even : &odd});
        d.step(Tick{d.now_ns});
    }
    EXPECT_LE(d.instance.status().counters.adverts_sent - sent, 2U);  // in a tenth of an interval
}

TEST(Reconfigure, AMasterAnnouncesTheAddedAddressesAlone) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    d.wait();
    d.now_ns += ns_per_s / 2;
    const Settings next = with_another_address(test_settings());
    EXPECT_EQ(d.step(Reconfigure{&next, 0, AnnouncedSet::added}), "send(100) announce_added(1)");
    EXPECT_EQ(d.wait(), "announce_added(1)");
    EXPECT_EQ(d.wait(), "announce_added(1)");
}

TEST(Reconfigure, AnExcludedAddressIsAnnouncedWithoutAnAdvert) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    d.now_ns += ns_per_s / 2;
    const Settings next = test_settings();
    EXPECT_EQ(d.step(Reconfigure{&next, 0, AnnouncedSet::added}), "announce_added(1)");
}

TEST(Reconfigure, AnotherMacIsAnnouncedForAll) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    d.wait();
    d.now_ns += ns_per_s / 2;
    Settings next = test_settings();
    next.primary_address = net::IpAddress::v4(192, 0, 2, 6);
    EXPECT_EQ(d.step(Reconfigure{&next, 0, AnnouncedSet::all}), "send(100) announce(1)");
    EXPECT_EQ(d.instance.status().master_address, next.primary_address);
}

TEST(Reconfigure, ABurstGoesOnWithTheNewSettings) {
    Driver d(test_settings());
    d.become_master();
    EXPECT_EQ(d.wait(), "announce(1)");
    {
        // Not to be read any more once the next are in force.
        const Settings next = test_settings();
        EXPECT_EQ(d.step(Reconfigure{&next}), "");
        EXPECT_EQ(d.step(Reconfigure{&d.settings}), "");
    }
    EXPECT_EQ(d.wait(), "announce(1)");
    EXPECT_EQ(d.wait(), "announce(1)");
}

TEST(Reconfigure, AShorterIntervalCountsFromNow) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    d.wait();
    d.now_ns += ns_per_s / 4;
    Settings next = test_settings();
    next.advert_interval_ns = ns_per_s / 10;
    EXPECT_EQ(d.step(Reconfigure{&next}), "send(100)");
    EXPECT_EQ(d.instance.deadline_ns(), d.now_ns + ns_per_s / 10);
}

// Peers that have not been told yet wait for three of the old ones.
TEST(Reconfigure, ALongerIntervalBeginsWithTheNextAdvert) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    d.wait();
    const std::uint64_t deadline_ns = d.instance.deadline_ns();
    d.now_ns += ns_per_s / 2;
    Settings next = test_settings();
    next.advert_interval_ns = 4 * ns_per_s;
    EXPECT_EQ(d.step(Reconfigure{&next}), "send(100)");
    EXPECT_EQ(d.wait(), "send(100)");
    EXPECT_LE(d.now_ns, deadline_ns);
    EXPECT_EQ(d.instance.status().master_interval_ns, 4 * ns_per_s);
}

TEST(Reconfigure, ABackupKeepsItsTimerButForTheSkewOfItsPriority) {
    Driver d(test_settings());
    d.step(Startup{});
    const std::uint64_t begun_ns = d.now_ns;
    d.now_ns += 3 * ns_per_s;
    const Settings next = test_settings(200);
    EXPECT_EQ(d.step(Reconfigure{&next}), "");
    EXPECT_EQ(d.instance.deadline_ns(), begun_ns + master_down_ns(Version::v2, 200, ns_per_s));
}

TEST(Reconfigure, ABackupWithAnotherIntervalWaitsAgain) {
    Driver d(test_settings());
    d.step(Startup{});
    d.now_ns += 3 * ns_per_s;
    Settings next = test_settings(200);
    next.advert_interval_ns = 2 * ns_per_s;
    EXPECT_EQ(d.step(Reconfigure{&next, 150}), "");
    EXPECT_EQ(d.instance.deadline_ns(), d.now_ns + master_down_ns(Version::v2, 150, 2 * ns_per_s));
}

// Its master's adverts have been refused until now, or will be.
TEST(Reconfigure, ABackupWithAnotherPasswordWaitsAgain) {
    Driver d(test_settings());
    d.step(Startup{});
    d.now_ns += 3 * ns_per_s;
    Settings next = test_settings();
    next.auth_type = AuthType::pass;
    EXPECT_EQ(d.step(Reconfigure{&next}), "");
    EXPECT_EQ(d.instance.deadline_ns(), d.now_ns + master_down_ns(Version::v2, 100, ns_per_s));
}

TEST(Reconfigure, AV3BackupStillWaitsForItsMastersInterval) {
    Settings v3 = test_settings();
    v3.version = Version::v3;
    Driver d(v3);
    d.step(Startup{});
    d.hear(200, 2, 5 * ns_per_s);
    Settings next = v3;
    next.advert_interval_ns = ns_per_s / 10;
    EXPECT_EQ(d.step(Reconfigure{&next}), "");
    EXPECT_EQ(d.instance.deadline_ns(), d.now_ns + master_down_ns(Version::v3, 100, 5 * ns_per_s));
}

TEST(Reconfigure, ABackupThatBecomesOwnerTakesOver) {
    Driver d(test_settings());
    d.step(Startup{});
    const Settings next = test_settings(owner_priority);
    EXPECT_EQ(d.step(Reconfigure{&next}), "own send(255) announce(1) backup->master:owner_startup");
}

TEST(Reconfigure, AnOwnerThatIsNoneAnyMoreStaysMaster) {
    Driver d(test_settings(owner_priority));
    d.step(Startup{});
    d.settle();
    d.wait();
    d.now_ns += ns_per_s / 2;
    const Settings next = test_settings(100);
    EXPECT_EQ(d.step(Reconfigure{&next, 90}), "send(90)");
    EXPECT_TRUE(d.is_master());
}

TEST(Reconfigure, WhoWaitedForItsGroupNeedNotWaitWithoutOne) {
    Settings grouped = test_settings();
    grouped.grouped = true;
    Driver d(grouped);
    d.step(Startup{});
    d.now_ns = d.instance.deadline_ns();
    EXPECT_EQ(d.step(Tick{d.now_ns}), "");
    EXPECT_TRUE(d.instance.status().wants_master);
    const Settings next = test_settings();
    EXPECT_EQ(d.step(Reconfigure{&next}), "own send(100) announce(1) backup->master:master_down");
}

TEST(Reconfigure, AnotherPreemptDelayBeginsAnew) {
    Settings patient = test_settings();
    patient.preempt_delay_ns = 10 * ns_per_s;
    Driver d(patient);
    d.step(Startup{});
    d.hear(50);
    EXPECT_NE(d.instance.status().preempt_after_ns, 0U);
    const Settings same = patient;
    d.step(Reconfigure{&same});
    EXPECT_NE(d.instance.status().preempt_after_ns, 0U);
    Settings next = patient;
    next.preempt_delay_ns = 20 * ns_per_s;
    d.step(Reconfigure{&next});
    EXPECT_EQ(d.instance.status().preempt_after_ns, 0U);
}

TEST(Reconfigure, TheRefreshFollowsItsOwnTimeOnly) {
    Driver d(test_settings());
    d.become_master();
    d.settle();
    Settings next = test_settings();
    next.announcements.refresh_ns = 2 * ns_per_s;
    d.step(Reconfigure{&next});
    const std::uint64_t from_ns = d.now_ns;
    while (d.wait().find("announce(1)") == std::string::npos) {
    }
    EXPECT_EQ(d.now_ns, from_ns + 2 * ns_per_s);
    Settings never = next;
    never.announcements.refresh_ns = 0;
    d.step(Reconfigure{&never});
    const std::uint64_t counted = d.instance.status().counters.announcements;
    d.settle();
    EXPECT_EQ(d.instance.status().counters.announcements, counted);
}

TEST(Reconfigure, AFaultHoldsOn) {
    Driver d(test_settings());
    d.step(Startup{});
    d.step(FaultChange{FaultCause::link_down, true, false});
    const Settings next = with_another_address(test_settings(owner_priority));
    EXPECT_EQ(d.step(Reconfigure{&next, 0, AnnouncedSet::added}), "");
    EXPECT_EQ(d.instance.state(), State::fault);
}

}  // namespace reconfigure_test
}  // namespace warren::vrrp
