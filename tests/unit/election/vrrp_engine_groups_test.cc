// SPDX-License-Identifier: BSD-3-Clause
// Sync groups as the engine runs them: what one member does the others do in the same round.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "election/advert_frame.h"
#include "election/plan.h"
#include "unit/election/engine_world.h"

namespace warren::election {
namespace {

RouterPlan member(std::uint8_t vrid, std::uint16_t group) {
    RouterPlan plan = plan_of(vrid, {net::IpAddress::v4(192, 168, vrid, 100)});
    plan.settings.grouped = group != no_group;
    plan.settings.announcements.takeover = vrrp::keepalived_schedule(0, 1);
    plan.group = group;
    return plan;
}

class EngineGroups : public EngineWorld {
  protected:
    void hear(std::uint8_t vrid, std::uint8_t priority) {
        RouterPlan peer = member(vrid, no_group);
        peer.settings.primary_address = ip("192.168.8.2");
        std::array<std::uint8_t, max_advert_frame_bytes> frame;
        const std::size_t bytes = build_advert_frame(frame, peer, priority, multicast_target(peer));
        engine_->on_frame(peer.port, net::ConstBytes(frame).first(bytes), round());
    }
    void set_fault(std::uint16_t router, vrrp::FaultCause cause, bool present) {
        engine_->on_command({.kind = VrrpCommand::Kind::fault,
                             .router = router,
                             .cause = cause,
                             .present = present,
                             .can_transmit = cause != vrrp::FaultCause::link_down},
                            round());
    }
    void tick() { engine_->tick(round()); }
    std::string owned_routers() const {
        std::string out;
        for (std::size_t i = 0; i < plans_.size(); ++i)
            out += owned(i) ? '1' : '0';
        return out;
    }
};

// Half a group never runs: 2 waits for 1, whose master is still heard.
TEST_F(EngineGroups, TakesOverTogether) {
    run({member(1, 5), member(2, 5), member(3, no_group)});
    for (int i = 0; i < 20; ++i) {
        hear(1, 200);
        advance(10 * ms);
    }
    EXPECT_EQ(owned_routers(), "001");
    while (owned_routers() == "001" && now_ns_ < start_ns + s) {
        advance(ms / 2);
        EXPECT_TRUE(owned_routers() == "001" || owned_routers() == "111") << owned_routers();
    }
    EXPECT_EQ(owned_routers(), "111");
}

TEST_F(EngineGroups, AFaultOfOneTakesAllAndSaysGoodByeForEach) {
    run({member(1, 0), member(2, 0), member(3, 1), member(4, 1)});
    advance(100 * ms);
    ASSERT_EQ(owned_routers(), "1111");
    sink_.sent.clear();
    set_fault(0, vrrp::FaultCause::link_down, true);
    tick();
    EXPECT_EQ(owned_routers(), "0011");
    EXPECT_EQ(sink_.count("vrid 1 priority 0"), 0U) << "its link is down";
    EXPECT_EQ(sink_.count("vrid 2 priority 0"), 1U);
    EXPECT_EQ(sink_.count("vrid 2 priority 100"), 0U) << "no advert of a master that has to go";
    EXPECT_EQ(last_status(1).status.faults,
              1U << static_cast<unsigned>(vrrp::FaultCause::sync_group));
    advance(500 * ms);
    EXPECT_EQ(owned_routers(), "0011");
    set_fault(0, vrrp::FaultCause::link_down, false);
    advance(100 * ms);
    EXPECT_EQ(owned_routers(), "1111");
}

TEST_F(EngineGroups, YieldsTogether) {
    run({member(1, 0), member(2, 0)});
    advance(100 * ms);
    ASSERT_EQ(owned_routers(), "11");
    sink_.sent.clear();
    hear(2, 200);
    tick();
    EXPECT_EQ(owned_routers(), "00");
    EXPECT_EQ(sink_.count("vrid 1 priority 0"), 1U);
    EXPECT_EQ(sink_.count("priority 100"), 0U);
}

// Who goes for a reason of its own needs no word of the group: a cable out of a port of two members
// sends nothing.
TEST_F(EngineGroups, MembersOfOnePortAreSilentWhenItIsDown) {
    run({member(1, 0), member(2, 0)});
    advance(100 * ms);
    sink_.sent.clear();
    for (const std::uint16_t router : {0, 1})
        set_fault(router, vrrp::FaultCause::link_down, true);
    tick();
    EXPECT_EQ(owned_routers(), "00");
    EXPECT_EQ(sink_.count("VRRP"), 0U);
}

// Known before the start: nobody becomes master to be taken back at once.
TEST_F(EngineGroups, AFaultAtStartHoldsAll) {
    std::vector<RouterPlan> plans{member(1, 0), member(2, 0)};
    plans[1].faults = 1U << static_cast<unsigned>(vrrp::FaultCause::link_down);
    for (RouterPlan& plan : plans)
        plan.settings.priority = vrrp::owner_priority;
    run(std::move(plans));
    advance(s);
    EXPECT_EQ(owned_routers(), "00");
    EXPECT_TRUE(sink_.sent.empty());
    set_fault(1, vrrp::FaultCause::link_down, false);
    tick();
    EXPECT_EQ(owned_routers(), "11");
}

TEST_F(EngineGroups, ShutdownSaysGoodByeOnceForEach) {
    run({member(1, 0), member(2, 0)});
    advance(100 * ms);
    sink_.sent.clear();
    engine_->on_command({.kind = VrrpCommand::Kind::shutdown}, round());
    advance(100 * ms);
    EXPECT_EQ(sink_.count("priority 0"), 2U);
    EXPECT_EQ(sink_.sent.size(), 2U);
}

// The largest group there is takes over in one round, adverts first.
TEST_F(EngineGroups, AGroupOfAllVridsTakesOverAtOnce) {
    std::vector<RouterPlan> plans;
    for (int vrid = 1; vrid <= 255; ++vrid)
        plans.push_back(member(static_cast<std::uint8_t>(vrid), 7));
    run(std::move(plans));
    while (sink_.sent.empty() && now_ns_ < start_ns + s)
        advance(ms / 2);
    EXPECT_EQ(owned_routers(), std::string(255, '1'));
    EXPECT_EQ(sink_.count("VRRP"), 255U);
    for (std::size_t i = 0; i < 255; ++i)
        EXPECT_NE(sink_.sent[i].find("VRRP"), std::string::npos) << i << " " << sink_.sent[i];
}

}  // namespace
}  // namespace warren::election
