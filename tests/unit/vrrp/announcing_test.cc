// SPDX-License-Identifier: BSD-3-Clause
// The schedules alone; what a virtual router makes of them is in announce_test.cc.
#include <gtest/gtest.h>

#include "vrrp/announcing.h"

namespace warren::vrrp {
namespace announcing_test {

constexpr std::uint64_t start_ns = 100 * ns_per_s;

Announcements one_round() {
    Announcements out;
    out.takeover = out.lower_priority = {{{0, 1, 0}, {}, {}}};
    out.refresh_ns = 0;
    return out;
}

constexpr AnnounceRounds nothing{};
constexpr AnnounceRounds one{1, 0};
constexpr AnnounceRounds one_added{0, 1};

TEST(Announcing, HasNothingToSayBeforeItBegins) {
    Announcing announcing;
    EXPECT_EQ(announcing.deadline_ns(), no_deadline);
    EXPECT_EQ(announcing.take_due(one_round(), start_ns), nothing);
}

TEST(Announcing, WorksOffEachPhaseOfASchedule) {
    Announcements settings = one_round();
    settings.takeover = {{{0, 3, 0}, {ns_per_s, 2, 10 * ns_per_ms}, {}}};
    Announcing announcing;
    announcing.begin(settings, start_ns);
    EXPECT_EQ(announcing.deadline_ns(), start_ns);
    EXPECT_EQ(announcing.take_due(settings, start_ns), (AnnounceRounds{3, 0})) << "without a gap";
    const std::uint64_t second_ns = start_ns + ns_per_s;
    EXPECT_EQ(announcing.deadline_ns(), second_ns);
    EXPECT_EQ(announcing.take_due(settings, second_ns - 1), nothing);
    EXPECT_EQ(announcing.take_due(settings, second_ns), one);
    EXPECT_EQ(announcing.deadline_ns(), second_ns + 10 * ns_per_ms);
    EXPECT_EQ(announcing.take_due(settings, second_ns + 10 * ns_per_ms), one);
    announcing.take_due(settings, announcing.deadline_ns());  // the empty third phase
    EXPECT_EQ(announcing.deadline_ns(), no_deadline);
}

TEST(Announcing, RefreshesAgainAndAgain) {
    Announcements settings = one_round();
    settings.refresh_ns = 60 * ns_per_s;
    settings.refresh_repeat = 2;
    Announcing announcing;
    announcing.begin(settings, start_ns);
    while (announcing.deadline_ns() == start_ns || announcing.deadline_ns() < start_ns + ns_per_s)
        announcing.take_due(settings, start_ns);
    for (unsigned i = 1; i < 4; ++i) {
        EXPECT_EQ(announcing.deadline_ns(), start_ns + i * 60 * ns_per_s);
        EXPECT_EQ(announcing.take_due(settings, announcing.deadline_ns()), (AnnounceRounds{2, 0}));
    }
    announcing.refresh_every(0, start_ns);
    EXPECT_EQ(announcing.deadline_ns(), no_deadline);
}

// Requests between two bursts are one.
TEST(Announcing, ABurstThatIsAskedForKeepsASecondsDistance) {
    const Announcements settings = one_round();
    Announcing announcing;
    announcing.begin(settings, start_ns);
    EXPECT_EQ(announcing.take_due(settings, start_ns), one);
    announcing.take_due(settings, start_ns);
    announcing.take_due(settings, start_ns);
    announcing.request(start_ns + 10 * ns_per_ms);
    announcing.request(start_ns + 20 * ns_per_ms);
    const std::uint64_t next_ns = start_ns + Announcing::burst_distance_ns;
    EXPECT_EQ(announcing.deadline_ns(), next_ns);
    EXPECT_EQ(announcing.take_due(settings, next_ns), one);
    announcing.request(next_ns + 5 * ns_per_s);
    EXPECT_EQ(announcing.take_due(settings, next_ns + 5 * ns_per_s), one) << "at once after that";
}

TEST(Announcing, ADefenceKeepsItsIntervalEvenWhenMasteryIsLostMeanwhile) {
    const Announcements settings{.takeover = {}, .lower_priority = {}, .refresh_ns = 0};
    Announcing announcing;
    announcing.begin(settings, start_ns);
    announcing.defend(start_ns);
    EXPECT_EQ(announcing.take_due(settings, start_ns), one);
    announcing.end();
    announcing.begin(settings, start_ns + ns_per_s);
    announcing.defend(start_ns + ns_per_s);
    const std::uint64_t next_ns = start_ns + Announcing::defend_interval_ns;
    EXPECT_EQ(announcing.take_due(settings, next_ns - 1), nothing);
    EXPECT_EQ(announcing.take_due(settings, next_ns), one);
}

TEST(Announcing, WhatIsDueAtOnceIsTheMostOfItNotTheSum) {
    Announcements settings = one_round();
    settings.refresh_ns = ns_per_s;
    settings.refresh_repeat = 3;
    Announcing announcing;
    announcing.begin(settings, start_ns);
    announcing.defend(start_ns);
    EXPECT_EQ(announcing.take_due(settings, start_ns + ns_per_s), (AnnounceRounds{3, 0}));
}

TEST(Announcing, AddedAddressesHaveABurstOfTheirOwnUntilOneOfAllComes) {
    const Announcements settings = one_round();
    Announcing announcing;
    announcing.start(AnnouncedSet::added, settings, start_ns);
    EXPECT_EQ(announcing.take_due(settings, start_ns), one_added);
    announcing.start(AnnouncedSet::added, settings, start_ns);
    announcing.start(AnnouncedSet::all, settings, start_ns);
    EXPECT_EQ(announcing.take_due(settings, start_ns), one);
    announcing.start(AnnouncedSet::nothing, settings, start_ns);
    EXPECT_EQ(announcing.take_due(settings, start_ns), nothing);
}

TEST(Announcing, ABackupFinishesNoBurst) {
    const Announcements settings = one_round();
    Announcing announcing;
    announcing.begin(settings, start_ns);
    announcing.start(AnnouncedSet::added, settings, start_ns);
    announcing.end();
    EXPECT_EQ(announcing.take_due(settings, start_ns), nothing);
    EXPECT_EQ(announcing.deadline_ns(), no_deadline);
}

// Settings are replaced while it goes on; the new ones' schedule counts.
TEST(Announcing, ABurstGoesOnByTheSettingsOfTheMoment) {
    Announcements settings = one_round();
    settings.takeover = {{{0, 2, 10 * ns_per_ms}, {}, {}}};
    Announcing announcing;
    announcing.begin(settings, start_ns);
    EXPECT_EQ(announcing.take_due(settings, start_ns), one);
    settings.takeover[0] = {0, 5, 0};
    EXPECT_EQ(announcing.take_due(settings, start_ns + 10 * ns_per_ms), (AnnounceRounds{5, 0}));
}

}  // namespace announcing_test
}  // namespace warren::vrrp
