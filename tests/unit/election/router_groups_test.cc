// SPDX-License-Identifier: BSD-3-Clause
// Which routers look at each other, and when; and whose advert it is.
#include "election/router_groups.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "election/router_index.h"
#include "unit/election/engine_world.h"

namespace warren::election {
namespace {

class Groups : public testing::Test {
  protected:
    void rebuild(std::vector<std::uint16_t> group_of) {
        groups_.rebuild(group_of.size(), [&](std::size_t i) { return group_of[i]; });
    }
    // Who was told to be in fault with his group.
    std::string settle() {
        std::string told;
        groups_.settle([this](std::size_t i) -> const vrrp::Status& { return status_.at(i); },
                       [&](std::size_t i, const vrrp::Event& event) {
                           status_.at(i).faults = 1U << static_cast<unsigned>(
                                                      std::get<vrrp::FaultChange>(event).cause);
                           told += std::to_string(i) + ' ';
                       });
        return told;
    }
    void fail(std::size_t router) {
        status_.at(router).faults = 1U << static_cast<unsigned>(vrrp::FaultCause::link_down);
    }
    RouterGroups groups_{8};
    std::array<vrrp::Status, 8> status_{};
};

TEST_F(Groups, AFaultIsToldToTheMembersOfThatGroupAlone) {
    rebuild({0, 1, 0, no_group, 1, 0});
    EXPECT_EQ(settle(), "");
    fail(2);
    groups_.note_moved(0);
    EXPECT_EQ(settle(), "0 5 ");
}

TEST_F(Groups, NobodyIsAskedUnlessAMemberMoved) {
    rebuild({0, 0});
    settle();
    fail(0);
    EXPECT_EQ(settle(), "");
    groups_.note_moved(no_group);
    groups_.note_moved(7);
    EXPECT_EQ(settle(), "");
    groups_.note_moved(0);
    EXPECT_EQ(settle(), "1 ");
}

TEST_F(Groups, RebuiltTheyForgetWhoWasTogetherAndLookAnew) {
    rebuild({0, 0, 1, 1});
    fail(0);
    rebuild({0, 1, 1, 0});
    EXPECT_EQ(settle(), "3 ");
}

TEST_F(Groups, AMoveWhileTheySettleIsNotLost) {
    rebuild({0, 0});
    settle();
    fail(0);
    groups_.note_moved(0);
    groups_.settle([this](std::size_t i) -> const vrrp::Status& { return status_.at(i); },
                   [&](std::size_t, const vrrp::Event&) { groups_.note_moved(0); });
    EXPECT_EQ(settle(), "1 ") << "who did not follow is told again";
}

unsigned all_fit(std::uint16_t) {
    return 1;
}

TEST(Index, FindsByPortFamilyAndVrid) {
    RouterIndex index;
    RouterPlan v4 = plan_of(7, {ip("192.168.8.100")});
    RouterPlan other_port = v4;
    other_port.port = max_ports - 1;
    RouterPlan v6 = v4;
    v6.settings.multicast_group = vrrp::multicast_group_v6;
    index.insert(v4, 3);
    index.insert(other_port, 4);
    index.insert(v6, 5);
    EXPECT_EQ(index.find(0, 7, false, all_fit), 3U);
    EXPECT_EQ(index.find(max_ports - 1, 7, false, all_fit), 4U);
    EXPECT_EQ(index.find(0, 7, true, all_fit), 5U);
    EXPECT_EQ(index.find(0, 8, false, all_fit), no_router);
    EXPECT_EQ(index.find(1, 7, false, all_fit), no_router);
}

TEST(Index, OfSeveralTheOneThatFitsBestAndOfEqualOnesTheEldest) {
    RouterIndex index;
    const RouterPlan plan = plan_of(7, {ip("192.168.8.100")});
    for (const std::size_t router : {9U, 3U, 4U})
        index.insert(plan, router);
    EXPECT_EQ(index.find(0, 7, false, all_fit), 9U);
    EXPECT_EQ(index.find(0, 7, false, [](std::uint16_t router) { return router == 4; }), 4U);
    index.erase(plan, 3);
    EXPECT_EQ(index.find(0, 7, false, [](std::uint16_t router) { return router != 9; }), 4U);
    index.erase(plan, 9);
    EXPECT_EQ(index.find(0, 7, false, all_fit), 4U);
    index.insert(plan, 3);
    EXPECT_EQ(index.find(0, 7, false, all_fit), 4U);
    index.erase(plan, 4);
    index.erase(plan, 3);
    EXPECT_EQ(index.find(0, 7, false, all_fit), no_router);
}

}  // namespace
}  // namespace warren::election
