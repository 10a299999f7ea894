// SPDX-License-Identifier: BSD-3-Clause
// Routers that come, change and go in one command while the others run.
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "election/advert_frame.h"
#include "election/plan.h"
#include "unit/election/engine_world.h"

namespace warren::election {
namespace {

constexpr auto remove_it = RouterChange::Kind::remove;
constexpr auto change_it = RouterChange::Kind::change;
constexpr auto add_it = RouterChange::Kind::add;

RouterPlan reload_plan(std::uint8_t vrid, std::uint16_t group = no_group) {
    RouterPlan plan = plan_of(vrid, {net::IpAddress::v4(192, 168, vrid, 100)});
    plan.settings.announcements.takeover = vrrp::keepalived_schedule(0, 1);
    plan.settings.grouped = group != no_group;
    plan.group = group;
    return plan;
}

class EngineReload : public EngineWorld {
  protected:
    // Everybody is master, and all has been announced.
    void run_masters(std::vector<RouterPlan> plans) {
        run(std::move(plans));
        advance(300 * ms);
        forget();
    }
    void forget() {
        sink_.sent.clear();
        for (VrrpReport report; link_.reports.pop(report);) {
        }
    }
    const RouterPlan* keep(RouterPlan plan) {
        return kept_.emplace_back(std::make_unique<RouterPlan>(std::move(plan))).get();
    }
    void reload(RouterChanges changes) {
        changes_ = std::move(changes);
        engine_->on_command({.kind = VrrpCommand::Kind::reload, .changes = &changes_}, round());
    }
    void tick() { engine_->tick(round()); }
    void hear(const RouterPlan& of, std::uint8_t priority) {
        RouterPlan peer = of;
        peer.settings.primary_address = ip("192.168.8.2");
        std::array<std::uint8_t, max_advert_frame_bytes> frame;
        const std::size_t bytes = build_advert_frame(frame, peer, priority, multicast_target(peer));
        engine_->on_frame(peer.port, net::ConstBytes(frame).first(bytes), round());
    }

    std::vector<std::unique_ptr<const RouterPlan>> kept_;
    RouterChanges changes_;
};

TEST_F(EngineReload, WhatIsDoneIsAnsweredWithTheChanges) {
    run_masters({reload_plan(1)});
    reload({});
    VrrpReport report;
    ASSERT_TRUE(link_.reports.pop(report));
    EXPECT_EQ(report.kind, VrrpReport::Kind::reloaded);
    EXPECT_EQ(report.changes, &changes_);
    EXPECT_TRUE(sink_.sent.empty());
    EXPECT_TRUE(owned(0));
}

TEST_F(EngineReload, ARemovedRouterDisownsSaysGoodByeAndIsHeardOfNoMore) {
    run_masters({reload_plan(1), reload_plan(2)});
    reload({{remove_it, 0}});
    EXPECT_FALSE(owned(0));
    EXPECT_TRUE(owned(1));
    EXPECT_EQ(sink_.count("vrid 1 priority 0"), 1U) << sink_.sent.at(0);
    forget();
    advance(s);
    EXPECT_EQ(sink_.count("vrid 1 "), 0U);
    EXPECT_NE(sink_.count("vrid 2 "), 0U);
    const std::uint64_t unknown = link_.counters.unknown_router.value();
    hear(plans_[0], 50);
    EXPECT_EQ(link_.counters.unknown_router.value(), unknown + 1);
    engine_->on_command({.kind = VrrpCommand::Kind::priority, .router = 0, .priority = 200},
                        round());
    EXPECT_FALSE(owned(0));
}

TEST_F(EngineReload, AGoodByeThatThePortRefusesIsTriedAgain) {
    run_masters({reload_plan(1)});
    sink_.works = false;
    reload({{remove_it, 0}});
    advance(5 * ms);
    sink_.works = true;
    advance(5 * ms);
    EXPECT_EQ(sink_.count("vrid 1 priority 0"), 1U);
}

TEST_F(EngineReload, AnAddedRouterBeginsAsBackupAndTakesOver) {
    run_masters({reload_plan(1)});
    reload({{add_it, 1, keep(reload_plan(2))}});
    EXPECT_FALSE(owned(1));
    EXPECT_TRUE(sink_.sent.empty());
    advance(100 * ms);
    EXPECT_TRUE(owned(1));
    EXPECT_EQ(status(1).status.state, vrrp::State::master);
}

TEST_F(EngineReload, AnAddedRouterWithAFaultStaysSilent) {
    run_masters({reload_plan(1)});
    constexpr std::uint16_t tracked = 1U << static_cast<unsigned>(vrrp::FaultCause::tracked);
    reload({{add_it, 1, keep(reload_plan(2)), 100, tracked}});
    advance(s);
    EXPECT_FALSE(owned(1));
    EXPECT_EQ(sink_.count("vrid 2 "), 0U);
}

TEST_F(EngineReload, AnIndexIsUsedAgainWithoutThePast) {
    run_masters({reload_plan(1), reload_plan(2)});
    reload({{remove_it, 0}});
    tick();
    reload({{add_it, 0, keep(reload_plan(7)), 120}});
    advance(100 * ms);
    EXPECT_TRUE(owned(0));
    EXPECT_EQ(sink_.count("vrid 7 priority 120"), sink_.count("vrid 7 "));
    const VrrpStatus now = status(0);
    EXPECT_EQ(now.status.counters.became_master, 1U);
    EXPECT_EQ(now.announced.gratuitous_arps, 1U);
}

TEST_F(EngineReload, TheSameVridMayComeAgainInAnotherVersion) {
    run_masters({reload_plan(1)});
    RouterPlan v2 = reload_plan(1);
    v2.settings.version = vrrp::Version::v2;
    v2.settings.advert_interval_ns = vrrp::ns_per_s;
    reload({{add_it, 1, keep(v2)}, {remove_it, 0}});
    EXPECT_EQ(sink_.count("priority 0"), 1U);
    advance(4 * s);
    EXPECT_TRUE(owned(1));
}

TEST_F(EngineReload, AMasterThatStaysIsNeverLate) {
    run_masters({reload_plan(1)});
    for (int i = 0; i < 50; ++i) {
        RouterPlan next = reload_plan(1);
        next.settings.priority = static_cast<std::uint8_t>(100 + i);
        reload({{change_it, 0, keep(next), next.settings.priority}});
        advance(3 * ms);
        EXPECT_TRUE(owned(0));
    }
    // Said at once or at the next advert, and not more often than a tenth of an interval allows.
    EXPECT_GE(sink_.count("vrid 1 "), 150 / 10U);
    EXPECT_NE(sink_.count("priority 149"), 0U);
    EXPECT_EQ(sink_.count("ARP"), 0U);
    EXPECT_EQ(status(0).status.counters.late_adverts, 0U);
}

TEST_F(EngineReload, OnlyAddedAddressesAreAnnounced) {
    run_masters({reload_plan(1)});
    RouterPlan next = reload_plan(1);
    next.added = {ip("192.168.1.101"), ip("192.168.1.102")};
    next.settings.advert_addresses.push_back(next.added[0]);
    reload({{change_it, 0, keep(next), 100, 0, vrrp::AnnouncedSet::added}});
    tick();
    EXPECT_EQ(sink_.count("ARP request 192.168.1.101 "), 1U);
    EXPECT_EQ(sink_.count("ARP request 192.168.1.102 "), 1U);
    EXPECT_EQ(sink_.count("ARP request 192.168.1.100 "), 0U);
}

TEST_F(EngineReload, FaultsFollowThePlan) {
    constexpr std::uint16_t link_down = 1U << static_cast<unsigned>(vrrp::FaultCause::link_down);
    RouterPlan down = reload_plan(1);
    down.faults = link_down;
    run({down});
    advance(100 * ms);
    EXPECT_FALSE(owned(0));
    reload({{change_it, 0, keep(reload_plan(1))}});  // its link is tracked no more
    advance(100 * ms);
    EXPECT_TRUE(owned(0));
    forget();
    reload({{change_it, 0, keep(reload_plan(1)), 100, link_down}});
    EXPECT_FALSE(owned(0));
    EXPECT_TRUE(sink_.sent.empty()) << "nothing leaves a port without link";
}

TEST_F(EngineReload, PeersKeepTheirMacAtAnotherPlace) {
    RouterPlan plan = reload_plan(1);
    plan.settings.unicast_peers = {{ip("192.168.8.2")}, {ip("192.168.8.3")}};
    run({plan});
    engine_->on_command(
        {.kind = VrrpCommand::Kind::next_hop, .peer = 1, .mac = {{2, 0, 0, 0, 0, 3}}}, round());
    advance(100 * ms);
    forget();
    RouterPlan next = reload_plan(1);
    next.settings.unicast_peers = {{ip("192.168.8.3")}};
    reload({{change_it, 0, keep(next)}});
    advance(20 * ms);
    EXPECT_GE(sink_.count("> 02:00:00:00:00:03 IPv4"), 2U);
}

// ---- sync groups

TEST_F(EngineReload, MastersStayWhenTheyBecomeAGroup) {
    run_masters({reload_plan(1), reload_plan(2)});
    reload({{change_it, 0, keep(reload_plan(1, 0))}, {change_it, 1, keep(reload_plan(2, 0))}});
    advance(100 * ms);
    EXPECT_TRUE(owned(0) && owned(1));
    engine_->on_command({.kind = VrrpCommand::Kind::fault,
                         .router = 0,
                         .cause = vrrp::FaultCause::tracked,
                         .present = true},
                        round());
    tick();
    EXPECT_FALSE(owned(0) || owned(1)) << "they move together now";
}

TEST_F(EngineReload, MembersOfAGroupThatIsNoneAnyMoreMoveAlone) {
    run_masters({reload_plan(1, 0), reload_plan(2, 0)});
    reload({{change_it, 0, keep(reload_plan(1))}, {change_it, 1, keep(reload_plan(2))}});
    engine_->on_command({.kind = VrrpCommand::Kind::fault,
                         .router = 0,
                         .cause = vrrp::FaultCause::tracked,
                         .present = true},
                        round());
    advance(100 * ms);
    EXPECT_FALSE(owned(0));
    EXPECT_TRUE(owned(1));
}

TEST_F(EngineReload, AMemberThatComesToARunningGroupIsWaitedFor) {
    run_masters({reload_plan(1, 0), reload_plan(2, 0)});
    reload({{add_it, 2, keep(reload_plan(3, 0))}});
    for (int i = 0; i < 200; ++i) {
        advance(ms);
        EXPECT_TRUE(owned(0) && owned(1));
    }
    EXPECT_TRUE(owned(2));
    EXPECT_EQ(sink_.count("priority 0"), 0U);
}

// keepalived's rule: half a group never runs.
TEST_F(EngineReload, AMemberThatHearsABetterMasterTakesTheGroupAlong) {
    run_masters({reload_plan(1, 0), reload_plan(2, 0)});
    const RouterPlan* third = keep(reload_plan(3, 0));
    reload({{add_it, 2, third}});
    tick();
    EXPECT_TRUE(owned(0));
    hear(*third, 200);
    tick();
    EXPECT_FALSE(owned(0) || owned(1) || owned(2));
}

TEST_F(EngineReload, ThereIsRoomForAsManyAsTheWorkersKnow) {
    run_masters({reload_plan(1)});
    RouterChanges changes;
    for (std::uint16_t i = 1; i < exchange::max_virtual_routers; ++i) {
        RouterPlan plan = reload_plan(static_cast<std::uint8_t>(i % 255 + 1));
        plan.port = static_cast<std::uint8_t>(1 + i / 255);
        changes.push_back({add_it, i, keep(plan)});
    }
    reload(changes);
    advance(200 * ms);
    EXPECT_TRUE(owned(exchange::max_virtual_routers - 1));
    EXPECT_EQ(status(0).status.counters.late_adverts, 0U);
}

}  // namespace
}  // namespace warren::election
