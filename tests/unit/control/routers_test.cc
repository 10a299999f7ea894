// SPDX-License-Identifier: BSD-3-Clause
// What becomes of the control lcore's reports, and what it is told when a port has changed.
#include "control/routers.h"

#include <gtest/gtest.h>

#include "fake_publication.h"
#include "port/clock.h"

namespace warren::control {
namespace {

using Command = election::VrrpCommand;

class RoutersOfTwoPorts : public testing::Test {
  protected:
    model::RouterState& router(std::size_t index) { return world_.state->routers[index]; }
    void report_state(std::uint64_t index, vrrp::State state) {
        election::VrrpStatus record;
        record.router = index;
        record.status.state = state;
        ASSERT_TRUE(link_.statuses.push(record));
    }

    Surroundings world_{model::router("A", "eth0", 51, "192.168.8.100/24") +
                        model::router("B", "eth1", 52, "192.168.9.100/24")};
    election::VrrpLink link_;
    programs::NotifyFifos fifos_{world_.io, {}, world_.events};
    unsigned masters_ = 0, peer_heard_ = 0, stopped_ = 0;
    Routers routers_{world_.context(),
                     link_,
                     {.masters_changed = [this] { ++masters_; },
                      .all_stopped = [this] { ++stopped_; },
                      .peer_heard = [this] { ++peer_heard_; }},
                     fifos_,
                     {}};
};

TEST_F(RoutersOfTwoPorts, MastersAreFollowedOnceForAllThatWasReported) {
    report_state(0, vrrp::State::master);
    report_state(1, vrrp::State::master);
    routers_.take_all();
    EXPECT_EQ(masters_, 1U);
    report_state(0, vrrp::State::master);  // still
    routers_.take_all();
    EXPECT_EQ(masters_, 1U);
    report_state(0, vrrp::State::backup);
    routers_.take_all();
    EXPECT_EQ(masters_, 2U);
}

TEST_F(RoutersOfTwoPorts, ARecordOfNoRouterKeepsNothingFromTheRest) {
    report_state(7, vrrp::State::master);
    report_state(1, vrrp::State::master);
    routers_.take_all();
    EXPECT_EQ(router(1).status.state, vrrp::State::master);
    EXPECT_EQ(world_.attempts.failures(), 1U);
}

// The log says a rival once a minute; who waits for company hears of each meeting.
TEST_F(RoutersOfTwoPorts, ARivalIsCompanyEvenIfTheLogHasSaidIt) {
    const election::VrrpReport rival{.kind = election::VrrpReport::Kind::alarm,
                                     .alarm = vrrp::AlarmKind::other_master};
    ASSERT_TRUE(router(0).alarms.see(rival, port::now_ns()));
    ASSERT_TRUE(link_.reports.push(rival) && link_.reports.push(rival));
    routers_.take_all();
    EXPECT_EQ(peer_heard_, 1U) << "not at each advert";
}

TEST_F(RoutersOfTwoPorts, TrafficIsCompany) {
    ASSERT_TRUE(link_.reports.push({.kind = election::VrrpReport::Kind::traffic}));
    routers_.take_all();
    EXPECT_EQ(peer_heard_, 1U);
}

TEST_F(RoutersOfTwoPorts, AnotherMtuChangesNoAdvertBeforeAReload) {
    const auto listed = router(0).plan->settings.advert_addresses;
    world_.state->ports[0].mtu = 40;  // no room for any
    EXPECT_TRUE(routers_.renew_plans(0).empty());
    world_.state->ports[0].mac = {{2, 0, 0, 0, 0, 0x77}};
    EXPECT_EQ(routers_.renew_plans(0), std::vector<std::uint16_t>{0});
    EXPECT_EQ(router(0).plan->settings.advert_addresses, listed);
}

TEST_F(RoutersOfTwoPorts, AnotherMacIsANewPlanForThatPortsRoutersAlone) {
    const auto* old = router(0).plan.get();
    world_.state->ports[0].mac = {{2, 0, 0, 0, 0, 0x77}};
    const auto renewed = routers_.renew_plans(0);
    EXPECT_EQ(renewed, std::vector<std::uint16_t>{0});
    EXPECT_TRUE(world_.publication.commands.empty()) << "the snapshot is to be out first";
    routers_.send_plans(0, renewed);
    ASSERT_EQ(world_.publication.commands.size(), 1U);
    EXPECT_EQ(world_.publication.commands[0].kind, Command::Kind::plan);
    EXPECT_NE(world_.publication.commands[0].plan, old);
    EXPECT_EQ(router(0).plan->source_mac, world_.state->ports[0].mac);
}

TEST_F(RoutersOfTwoPorts, WithoutAnAddressTheOldPlanStaysForTheGoodBye) {
    const auto* old = router(0).plan.get();
    world_.state->ports[0].primary.reset();
    const auto renewed = routers_.renew_plans(0);
    EXPECT_TRUE(renewed.empty());
    routers_.send_plans(0, renewed);
    EXPECT_EQ(router(0).plan.get(), old);
    ASSERT_EQ(world_.publication.commands.size(), 1U);
    EXPECT_EQ(world_.publication.commands[0].cause, vrrp::FaultCause::no_address);
    EXPECT_TRUE(world_.publication.commands[0].present);
}

TEST_F(RoutersOfTwoPorts, ALinkThatGoesDownIsAFaultOfItsRouters) {
    world_.state->ports[1].link_up = false;
    routers_.send_link(1);
    ASSERT_EQ(world_.publication.commands.size(), 1U);
    const Command& told = world_.publication.commands[0];
    EXPECT_EQ(told.router, 1U);
    EXPECT_EQ(told.cause, vrrp::FaultCause::link_down);
    EXPECT_TRUE(told.present);
    EXPECT_FALSE(told.can_transmit);
}

TEST(RoutersThatTrackTheirSource, AreInFaultWhileTheHostHasItNot) {
    Surroundings world{model::router("A", "eth0", 51, "192.168.8.100/24",
                                     "mcast_src_ip 192.168.8.9\ntrack_src_ip\n") +
                       model::router("B", "eth0", 52, "192.168.8.101/24")};
    election::VrrpLink link;
    programs::NotifyFifos fifos{world.io, {}, world.events};
    Routers routers{
        world.context(), link, {.masters_changed = [] {}, .all_stopped = [] {}}, fifos, {}};
    const auto last_fault = [&] {
        const Command& command = world.publication.commands.back();
        EXPECT_EQ(command.router, 0U);
        EXPECT_EQ(command.cause, vrrp::FaultCause::no_address);
        return command.present;
    };
    routers.update_address_faults();
    ASSERT_EQ(world.publication.commands.size(), 1U);
    EXPECT_TRUE(last_fault());
    routers.update_address_faults();
    EXPECT_EQ(world.publication.commands.size(), 1U) << "once";
    world.state->kernel_addresses = {model::ip("192.168.8.9")};
    routers.update_address_faults();
    ASSERT_EQ(world.publication.commands.size(), 2U);
    EXPECT_FALSE(last_fault());
}

TEST_F(RoutersOfTwoPorts, TheGoodByeOfAllIsPassedOn) {
    ASSERT_TRUE(link_.reports.push({.kind = election::VrrpReport::Kind::stopped}));
    routers_.take_all();
    EXPECT_EQ(stopped_, 1U);
}

// With a `dev` an address lives on a port that is not its router's.
TEST(RoutersOfOtherPorts, AMasterAnnouncesItselfAgainWhereItsAddressesAre) {
    Surroundings world{model::router("A", "eth0", 51, "192.168.8.100/24\n10.9.0.100/24 dev eth1") +
                       model::router("B", "eth0", 52, "192.168.8.101/24")};
    election::VrrpLink link;
    programs::NotifyFifos fifos{world.io, {}, world.events};
    Routers routers{
        world.context(), link, {.masters_changed = [] {}, .all_stopped = [] {}}, fifos, {}};
    routers.announce_on(1);
    EXPECT_TRUE(world.publication.commands.empty()) << "a backup is silent";
    for (model::RouterState& router : world.state->routers)
        router.status.state = vrrp::State::master;
    routers.announce_on(0);
    EXPECT_TRUE(world.publication.commands.empty()) << "on its own port its plan does that";
    world.state->ports[1].link_up = false;
    routers.announce_on(1);
    EXPECT_TRUE(world.publication.commands.empty()) << "nobody hears it";
    world.state->ports[1].link_up = true;
    routers.announce_on(1);
    ASSERT_EQ(world.publication.commands.size(), 1U);
    EXPECT_EQ(world.publication.commands[0].kind, Command::Kind::plan);
    EXPECT_EQ(world.publication.commands[0].router, 0);
}

}  // namespace
}  // namespace warren::control
