// SPDX-License-Identifier: BSD-3-Clause
// When hosts are told: the burst at takeover, its repetition whenever another master was there, the
// refresh and the defence of an address (RFC 5227 2.4).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "driver.h"

namespace warren::vrrp {
namespace announce_test {

struct Announced {
    std::uint64_t after_ms;
    int rounds;
    friend bool operator==(const Announced&, const Announced&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Announced& a) {
        return out << a.after_ms << " ms x" << a.rounds;
    }
};

// What the instance announces from now on, `for_ns` long.
std::vector<Announced> collect(Driver& d, std::uint64_t for_ns) {
    std::vector<Announced> out;
    const std::uint64_t start_ns = d.now_ns;
    while (d.now_ns < start_ns + for_ns) {
        const std::string log = d.wait(start_ns + for_ns - d.now_ns);
        const auto at = log.find("announce(");
        if (at == std::string::npos) continue;
        out.push_back({(d.now_ns - start_ns) / ns_per_ms, std::stoi(log.substr(at + 9))});
    }
    return out;
}

TEST(Announce, DefaultBurstAtTakeover) {
    Driver d(test_settings());
    d.become_master();  // the first round goes with the transition
    const std::vector<Announced> expected = {{5, 1},    {10, 1},   {110, 1},  {210, 1},
                                             {310, 1},  {410, 1},  {510, 1},  {1510, 1},
                                             {2510, 1}, {3510, 1}, {4510, 1}, {5510, 1}};
    EXPECT_EQ(collect(d, 30 * ns_per_s), expected);
}

TEST(Announce,
     KeepalivedKeywordsGiveKeepalivedsBurst) {  // A5: garp_master_repeat 5, garp_master_delay 5
    Settings s = test_settings();
    s.announcements.takeover = keepalived_schedule(5 * ns_per_s, 5);
    Driver d(s);
    d.step(Startup{});
    EXPECT_EQ(d.wait(), "own send(100) announce(5) backup->master:master_down");
    EXPECT_EQ(collect(d, 30 * ns_per_s), (std::vector<Announced>{{5000, 5}}));
}

TEST(Announce, NoDelayMeansNoSecondBatch) {
    Settings s = test_settings();
    s.announcements.takeover = keepalived_schedule(0, 3);
    Driver d(s);
    d.step(Startup{});
    EXPECT_EQ(d.wait(), "own send(100) announce(3) backup->master:master_down");
    EXPECT_EQ(collect(d, 30 * ns_per_s), std::vector<Announced>{});
}

TEST(Announce, AnEmptyScheduleIsSilent) {
    Settings s = test_settings();
    s.announcements.takeover = {};
    s.announcements.refresh_ns = 0;
    Driver d(s);
    d.step(Startup{});
    EXPECT_EQ(d.wait(), "own send(100) backup->master:master_down");
    EXPECT_EQ(collect(d, 200 * ns_per_s), std::vector<Announced>{});
}

TEST(Announce, RefreshWhileMaster) {
    Settings s = test_settings();
    s.announcements.takeover = {};
    s.announcements.refresh_ns = 60 * ns_per_s;
    s.announcements.refresh_repeat = 2;
    Driver d(s);
    d.become_master();
    EXPECT_EQ(collect(d, 190 * ns_per_s),
              (std::vector<Announced>{{60'000, 2}, {120'000, 2}, {180'000, 2}}));
}

TEST(Announce, HearingAnotherMasterStartsTheBurstAgain) {
    for (const std::uint8_t priority : {99, 0}) {  // a lower one, and one that says good-bye
        Driver d(test_settings());
        d.become_master();
        d.settle();
        EXPECT_NE(d.hear(priority).find("announce(1)"), std::string::npos);
        EXPECT_EQ(collect(d, 9 * ns_per_s).size(), 12U);
    }
}

TEST(Announce, BurstsKeepASecondsDistance) {
    Driver d(test_settings());
    d.become_master();
    d.now_ns += 100 * ns_per_ms;
    d.step(Tick{d.now_ns});
    const std::uint64_t announced = d.instance.status().counters.announcements;
    d.hear(99);
    EXPECT_EQ(d.instance.status().counters.announcements, announced);
    // It comes when the second has passed: three rounds within 10 ms, 900 ms from now.
    const auto later = collect(d, 2 * ns_per_s);
    EXPECT_NE(std::find(later.begin(), later.end(), Announced{900, 1}), later.end());
    EXPECT_NE(std::find(later.begin(), later.end(), Announced{910, 1}), later.end());
}

TEST(Announce, StopsWithOwnership) {
    Driver d(test_settings());
    d.become_master();
    d.hear(200);
    for (int i = 0; i < 100; ++i) {
        d.hear(200);
        EXPECT_EQ(d.wait(ns_per_s), "");
    }
}

TEST(Conflict, IsDefendedOncePerTenSeconds) {  // A10, RFC 5227 2.4 (c): DEFEND_INTERVAL
    Settings s = test_settings();
    s.announcements.takeover = {};
    Driver d(s);
    d.become_master();
    d.settle();
    const AddressConflict claim{s.advert_addresses[0], {{2, 0, 0, 0, 0, 9}}};
    EXPECT_EQ(d.step(claim), "alarm(address_conflict) announce(1)");
    d.now_ns += 100 * ns_per_ms;
    EXPECT_EQ(d.step(claim), "");  // the claimant repeats itself: answered when it is due
    EXPECT_EQ(collect(d, 30 * ns_per_s), (std::vector<Announced>{{9900, 1}}));
    EXPECT_EQ(d.instance.status().counters.address_conflicts, 2U);
}

TEST(Conflict, IsNoneOfABackupsBusiness) {
    Driver d(test_settings());
    d.step(Startup{});
    EXPECT_EQ(d.step(AddressConflict{}), "");
}

}  // namespace announce_test
}  // namespace warren::vrrp
