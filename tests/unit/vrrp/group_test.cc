// SPDX-License-Identifier: BSD-3-Clause
// Sync groups (S19): members move together. The whole group's actions are read as one log, each
// with its member's number.
#include "vrrp/group.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "driver.h"

namespace warren::vrrp {
namespace group_test {

constexpr std::uint64_t down_100_ns = 3 * ns_per_s + 609'375'000;

Settings grouped(std::uint8_t priority = 100) {
    Settings s = test_settings(priority);
    s.grouped = true;
    return s;
}

class Members {
  public:
    explicit Members(const std::vector<Settings>& settings) {
        for (const Settings& s : settings)
            drivers_.emplace_back(s);
    }

    Driver& operator[](std::size_t i) { return drivers_[i]; }

    // Steps one member and lets the group settle. "0: ..., 1: ..."
    std::string step(std::size_t index, const Event& event) {
        log_.clear();
        run(index, event);
        settle();
        return log_;
    }
    std::string hear(std::size_t index, std::uint8_t priority, std::uint8_t host = 2) {
        log_.clear();
        append(index, drivers_[index].hear(priority, host));
        settle();
        return log_;
    }
    std::string start() {
        std::string all;
        for (std::size_t i = 0; i < drivers_.size(); ++i)
            all += step(i, Startup{}) + " ";
        return all;
    }
    // Time passes for all; returns what happened.
    std::string pass(std::uint64_t ns) {
        const std::uint64_t end_ns = drivers_[0].now_ns + ns;
        std::string all;
        for (;;) {
            std::size_t first = 0;
            for (std::size_t i = 1; i < drivers_.size(); ++i)
                if (deadline(i) < deadline(first)) first = i;
            const std::uint64_t at_ns = std::max(deadline(first), drivers_[0].now_ns);
            if (deadline(first) == no_deadline || at_ns > end_ns) break;
            for (Driver& d : drivers_)
                d.now_ns = at_ns;
            all += step(first, Tick{at_ns});
        }
        for (Driver& d : drivers_)
            d.now_ns = end_ns;
        return all;
    }
    std::string states() {
        std::string out;
        for (Driver& d : drivers_)
            out.append(out.empty() ? "" : " ").append(name(d.instance.state()));
        return out;
    }
    bool become_master() {
        start();
        pass(down_100_ns);
        pass(20 * ns_per_s);  // past the announcements
        return states().find("backup") == std::string::npos;
    }

  private:
    std::uint64_t deadline(std::size_t i) { return drivers_[i].instance.deadline_ns(); }
    void append(std::size_t index, const std::string& text) {
        if (text.empty()) return;
        if (!log_.empty()) log_ += ", ";
        log_ += std::to_string(index) + ": " + text;
    }
    void run(std::size_t index, const Event& event) { append(index, drivers_[index].step(event)); }
    void settle() {
        const auto for_each = [this](const auto& f) {
            for (std::size_t i = 0; i < drivers_.size(); ++i)
                f(i, drivers_[i].instance.status());
        };
        settle_group(for_each, [this](std::size_t i, const Event& event) { run(i, event); });
    }

    std::deque<Driver> drivers_;
    std::string log_;
};

TEST(Group, OneFaultsAndBothLeaveMaster) {  // S19
    Members g({grouped(), grouped()});
    ASSERT_TRUE(g.become_master());
    EXPECT_EQ(g.step(0, FaultChange{FaultCause::link_down, true, false}),
              "0: disown master->fault:fault, 1: disown send(0) master->fault:fault");
    EXPECT_EQ(g[1].instance.status().faults, 1U << static_cast<unsigned>(FaultCause::sync_group));
    EXPECT_EQ(g.step(0, FaultChange{FaultCause::link_down, false}),
              "0: disown fault->backup:fault_cleared, 1: disown fault->backup:fault_cleared");
    EXPECT_EQ(g.pass(down_100_ns),
              "0: own send(100) announce(1) backup->master:master_down, "
              "1: own send(100) announce(1) backup->master:master_down");
}

// A fault that the group gave is no cause of its own: no two members hold each other down.
TEST(Group, TwoFaultsClearInAnyOrder) {
    for (const bool first_clears_first : {true, false}) {
        Members g({grouped(), grouped(), grouped()});
        ASSERT_TRUE(g.become_master());
        g.step(0, FaultChange{FaultCause::link_down, true});
        g.step(1, FaultChange{FaultCause::tracked, true});
        EXPECT_EQ(g.states(), "fault fault fault");
        const FaultChange up{FaultCause::link_down, false};
        const FaultChange untracked{FaultCause::tracked, false};
        first_clears_first ? g.step(0, up) : g.step(1, untracked);
        EXPECT_EQ(g.states(), "fault fault fault") << "one own fault is left";
        first_clears_first ? g.step(1, untracked) : g.step(0, up);
        EXPECT_EQ(g.states(), "backup backup backup");
        for (std::size_t i = 0; i < 3; ++i)
            EXPECT_EQ(g[i].instance.status().faults, 0);
    }
}

TEST(Group, OneThatYieldsTakesTheOthersAlong) {
    Members g({grouped(), grouped()});
    ASSERT_TRUE(g.become_master());
    EXPECT_EQ(g.hear(0, 200),
              "0: disown master->backup:higher_priority_heard, "
              "1: disown send(0) master->backup:sync_group");
}

TEST(Group, NobodyIsMasterBeforeEveryoneMayBe) {
    Members g({grouped(), grouped()});
    g.start();
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(g.hear(1, 200), "");  // one network is cut, the other still has its master
        EXPECT_EQ(g.pass(ns_per_s), "");
    }
    EXPECT_TRUE(g[0].instance.status().wants_master);
    EXPECT_EQ(g.states(), "backup backup");
    EXPECT_EQ(g[0].instance.status().counters.adverts_sent, 0U);
    g.hear(1, 200);
    EXPECT_EQ(g.pass(down_100_ns),
              "0: own send(100) announce(1) backup->master:master_down, "
              "1: own send(100) announce(1) backup->master:master_down");
}

TEST(Group, HearingAMasterAgainEndsTheWish) {
    Members g({grouped(), grouped()});
    g.start();
    g.hear(1, 200);
    g.pass(down_100_ns - 1);
    g.hear(1, 200);
    g.pass(1);
    ASSERT_TRUE(g[0].instance.status().wants_master);
    g.hear(0, 200);
    EXPECT_FALSE(g[0].instance.status().wants_master);
    EXPECT_EQ(g.pass(down_100_ns - 1), "");
}

TEST(Group, WishOutlivesLowerAdvertsAndGoodByes) {
    Members g({grouped(), grouped()});
    g.start();
    g.hear(1, 200);
    g.pass(down_100_ns - 1);
    g.hear(1, 200);
    g.pass(1);
    g.hear(0, 50);
    g.hear(0, 0);
    EXPECT_TRUE(g[0].instance.status().wants_master);
}

TEST(Group, AllGoodByesTogetherTakeSkewTimeOnly) {
    Members g({grouped(), grouped()});
    g.start();
    g.hear(0, 200);
    g.hear(1, 200);
    g.hear(0, 0);
    g.hear(1, 0);
    EXPECT_EQ(g.pass(609'375'000),
              "0: own send(100) announce(1) backup->master:priority_zero, "
              "1: own send(100) announce(1) backup->master:priority_zero");
}

TEST(Group, OwnersAreMasterAtOnceButTogether) {
    Members g({grouped(owner_priority), grouped(owner_priority)});
    EXPECT_EQ(g.step(0, Startup{}), "0: disown initialize->backup:startup");
    EXPECT_EQ(g.step(1, Startup{}),
              "1: disown initialize->backup:startup, "
              "0: own send(255) announce(1) backup->master:owner_startup, "
              "1: own send(255) announce(1) backup->master:owner_startup");
}

TEST(Group, FaultBeforeStartKeepsAllInFault) {
    Members g({grouped(), grouped()});
    g.step(1, FaultChange{FaultCause::no_address, true, false});
    g.start();
    EXPECT_EQ(g.states(), "fault fault");
    g.step(1, FaultChange{FaultCause::no_address, false});
    EXPECT_EQ(g.states(), "backup backup");
}

TEST(Group, SettlesWithinItsRounds) {  // every pair of states and faults: nothing is left to order
    for (int faults = 0; faults < 16; ++faults) {
        Members g({grouped(), grouped(owner_priority)});
        g.start();
        for (std::size_t i = 0; i < 2; ++i) {
            g.step(i, FaultChange{FaultCause::tracked, (faults >> i & 1) != 0});
            g.step(i, FaultChange{FaultCause::link_down, (faults >> (i + 2) & 1) != 0});
        }
        GroupView view;
        view.add(g[0].instance.status());
        view.add(g[1].instance.status());
        EXPECT_EQ(view.order(), GroupOrder::none) << faults;
        EXPECT_EQ(g.states(), faults == 0 ? "backup backup" : "fault fault");
    }
}

TEST(Group, HandsOverAsOne) {
    Members m({grouped(), grouped()});
    m.start();
    m.pass(5 * ns_per_s);
    for (const std::size_t i : {0U, 1U})
        EXPECT_EQ(m.step(i, HandOver{ns_per_s}), "");
    EXPECT_EQ(m.hear(1, 50),
              "1: disown master->backup:handover, 0: disown master->backup:handover");
    EXPECT_TRUE(m[0].instance.status().preempt_held);
    EXPECT_TRUE(m[1].instance.status().preempt_held);
}

TEST(Group, TakesOverAsOne) {
    Members m({grouped(), grouped()});
    m.start();
    m.hear(0, 200);
    m.hear(1, 200);
    EXPECT_EQ(m.step(0, TakeOver{}), "");
    EXPECT_EQ(m.hear(0, 200), "") << "crossed the order: the wish stays";
    EXPECT_EQ(m.step(1, TakeOver{}),
              "0: own send(100) announce(1) backup->master:handover, "
              "1: own send(100) announce(1) backup->master:handover");
}

TEST(Group, EmptyGroupOrdersNothing) {
    EXPECT_EQ(GroupView().order(), GroupOrder::none);
}

// ---- a member that comes to a group that runs

TEST(Group, MastersWaitForANewcomersElection) {
    Members all({grouped(), grouped()});
    all[0].step(Startup{});
    all[0].step(GroupMaster{});
    EXPECT_EQ(all.step(1, Startup{}), "1: disown initialize->backup:startup");
    EXPECT_TRUE(all[0].is_master());
    EXPECT_NE(all.pass(down_100_ns).find("backup->master"), std::string::npos);
    EXPECT_TRUE(all[0].is_master() && all[1].is_master());
}

TEST(Group, ANewcomersBetterMasterTakesAllOfThem) {
    Members all({grouped(), grouped()});
    all[0].step(Startup{});
    all[0].step(GroupMaster{});
    all.step(1, Startup{});
    EXPECT_EQ(all.hear(1, 50), "");  // a lower one does not
    EXPECT_NE(all.hear(1, 200).find("0: disown send(0) master->backup:sync_group"),
              std::string::npos);
}

}  // namespace group_test
}  // namespace warren::vrrp
