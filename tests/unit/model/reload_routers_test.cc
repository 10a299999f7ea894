// SPDX-License-Identifier: BSD-3-Clause
// Virtual routers of a file that is read again: who stays, who comes and goes, and what the control
// lcore is told.
#include "model/reload_routers.h"

#include <gtest/gtest.h>

#include "exchange/ownership.h"
#include "model/builder.h"
#include "model/kernel_rules.h"
#include "model/reload.h"
#include "unit/model/sample_state.h"

namespace warren::model {
namespace {

using Kind = election::RouterChange::Kind;

class ReloadRouters : public testing::Test {
  protected:
    void use(const std::string& text) { state_ = state_of(text); }

    // The refusal, or nothing.
    std::string reload(const std::string& text) {
        auto loaded =
            schema::load("warren.conf", [&](const std::string&) { return std::optional(text); });
        EXPECT_TRUE(loaded.ok());
        const ReloadPlan plan =
            plan_reload(*state_, loaded.config, {.of = [](std::uint16_t) { return 0; }});
        if (!plan.refusal.empty()) return plan.refusal;
        changes_ = carry_out(*state_, loaded.config, plan, now_ns_);
        return {};
    }
    // "-0 ~1 +2": the control lcore's orders.
    std::string orders() const {
        std::string text;
        for (const election::RouterChange& change : router_changes(*state_, changes_)) {
            text += text.empty() ? "" : " ";
            text += change.kind == Kind::remove ? "-" : change.kind == Kind::add ? "+" : "~";
            text += std::to_string(change.router);
        }
        return text;
    }
    election::RouterChange order(std::size_t i) const {
        return router_changes(*state_, changes_).at(i);
    }
    void release() {
        forget_removed_routers(*state_);
        release_indices(
            *state_, [](std::uint16_t) { return ServerTotals{}; }, now_ns_);
    }
    std::vector<std::string> owned(std::size_t router) const {
        const auto snapshot = build_snapshot(*state_, 1);
        std::vector<std::string> all;
        for (const std::uint16_t i : snapshot->addresses_of(router))
            all.push_back(snapshot->addresses[i].address.to_string());
        return all;
    }

    std::unique_ptr<State> state_;
    schema::LoadResult loaded_;
    ReloadChanges changes_;
    std::uint64_t now_ns_ = start_ns;
};

const std::string router_1 = router("VI_1", "eth0", 51, "192.168.8.100");
const std::string router_2 = router("VI_2", "eth0", 52, "192.168.8.101");

// keepalived counts at each reload, whether its file has changed or not.
TEST_F(ReloadRouters, CountsAgainWhatAnAdvertHasRoomFor) {
    const std::string text =
        router("A", "eth0", 51, "192.168.8.100/24\n192.168.8.101/24\n192.168.8.102/24");
    use(text);
    state_->ports[0].mtu = 14 + 20 + 16 + 8;  // headers of Ethernet, IP and VRRPv2, two addresses
    ASSERT_EQ(reload(text), "");
    EXPECT_EQ(orders(), "~0");
    EXPECT_EQ(state_->routers[0].plan->settings.advert_addresses.size(), 2U);
    ASSERT_EQ(reload(text), "");
    EXPECT_EQ(orders(), "");
}

TEST_F(ReloadRouters, TheSameFileIsNoNews) {
    use(router_1 + router_2);
    EXPECT_EQ(reload("# another comment\n" + router_1 + router_2), "");
    EXPECT_TRUE(changes_.none());
    EXPECT_EQ(orders(), "");
}

TEST_F(ReloadRouters, TheirOrderIsNoNewsEither) {
    use(router_1 + router_2);
    EXPECT_EQ(reload(router_2 + router_1), "");
    EXPECT_TRUE(changes_.none());
    EXPECT_EQ(state_->config.vrrp_instances[0].name, "VI_2");
    EXPECT_EQ(state_->routers[0].config->name, "VI_1");
}

TEST_F(ReloadRouters, AnotherNameIsTheSameRouter) {
    use(router_1);
    EXPECT_EQ(reload(router("other", "eth0", 51, "192.168.8.100")), "");
    EXPECT_EQ(orders(), "~0");
    EXPECT_EQ(order(0).announced, vrrp::AnnouncedSet::nothing);
    EXPECT_EQ(state_->routers[0].config->name, "other");
}

TEST_F(ReloadRouters, ANewPriorityIsToldWithWhatTracksIt) {
    use(router_1);
    state_->routers[0].tracking.total = {90, true};
    EXPECT_EQ(reload(router("VI_1", "eth0", 51, "192.168.8.100", "garp_master_refresh 5\n")), "");
    EXPECT_EQ(orders(), "~0");
    EXPECT_EQ(order(0).priority, 90);
    EXPECT_EQ(order(0).faults, 1U << static_cast<unsigned>(vrrp::FaultCause::tracked));
    EXPECT_EQ(changes_.retired_plans.size(), 1U);
}

TEST_F(ReloadRouters, OnlyAddedAddressesAreToBeAnnounced) {
    use(router_1);
    now_ns_ += 60'000'000'000;
    EXPECT_EQ(reload(router("VI_1", "eth0", 51, "192.168.8.100\n192.168.8.102")), "");
    EXPECT_EQ(order(0).announced, vrrp::AnnouncedSet::added);
    EXPECT_EQ(order(0).plan->added, std::vector{ip("192.168.8.102")});
    EXPECT_EQ(owned(0), (std::vector<std::string>{"192.168.8.100", "192.168.8.102"}));
    // A moment later the first one's announcements still go on.
    EXPECT_EQ(reload(router("VI_1", "eth0", 51, "192.168.8.100\n192.168.8.102\n192.168.8.103")),
              "");
    EXPECT_EQ(order(0).plan->added, (std::vector{ip("192.168.8.102"), ip("192.168.8.103")}));
    now_ns_ += 60'000'000'000;
    EXPECT_EQ(reload(router("VI_1", "eth0", 51, "192.168.8.100\n192.168.8.103")), "");
    EXPECT_EQ(order(0).announced, vrrp::AnnouncedSet::nothing);
    EXPECT_TRUE(order(0).plan->added.empty());
}

TEST_F(ReloadRouters, AnExcludedAddressIsAddedToo) {
    use(router_1);
    EXPECT_EQ(reload(router("VI_1", "eth0", 51, "192.168.8.100",
                            "virtual_ipaddress_excluded {\n192.168.9.1\n}\n")),
              "");
    EXPECT_EQ(order(0).announced, vrrp::AnnouncedSet::added);
    EXPECT_EQ(order(0).plan->added, std::vector{ip("192.168.9.1")});
}

TEST_F(ReloadRouters, AnotherMacIsAnnouncedForAll) {
    use(router_1);
    EXPECT_EQ(reload(router("VI_1", "eth0", 51, "192.168.8.100", "use_vmac\n")), "");
    EXPECT_EQ(order(0).announced, vrrp::AnnouncedSet::all);
}

TEST_F(ReloadRouters, WhatGoesLeavesNothingButItsIndex) {
    use(router_1 + router_2);
    state_->routers[0].status.state = vrrp::State::master;
    EXPECT_EQ(host_addresses(*state_).size(), 1U);
    EXPECT_EQ(reload(router_2), "");
    EXPECT_EQ(orders(), "-0");
    EXPECT_TRUE(owned(0).empty());
    EXPECT_EQ(owned(1), std::vector<std::string>{"192.168.8.101"});
    EXPECT_FALSE(router_of(*state_, ip("192.168.8.100")));
    EXPECT_TRUE(host_addresses(*state_).empty());
    const auto snapshot = build_snapshot(*state_, 1);
    EXPECT_EQ(interface_rules(*state_, *snapshot, 0).vrids, std::vector<std::uint8_t>{52});
}

TEST_F(ReloadRouters, AnIndexRestsUntilAllHaveForgottenIt) {
    use(router_1 + router_2);
    EXPECT_EQ(reload(router_2), "");
    EXPECT_EQ(reload(router_1 + router_2), "");
    EXPECT_EQ(orders(), "+2") << "nobody has said yet that 0 is forgotten";
    release();
    EXPECT_EQ(reload(router_1 + router_2 + router("VI_3", "eth0", 53, "192.168.8.103")), "");
    EXPECT_EQ(orders(), "+0");
    EXPECT_EQ(changes_.retired_plans.size(), 1U) << "the one that had the index";
}

TEST_F(ReloadRouters, AnotherVridOrVersionIsAnotherRouter) {
    use(router_1);
    EXPECT_EQ(reload(router("VI_1", "eth0", 61, "192.168.8.100")), "");
    EXPECT_EQ(orders(), "-0 +1");
    EXPECT_EQ(reload(router("VI_1", "eth0", 61, "192.168.8.100", "version 3\n")), "");
    EXPECT_EQ(orders(), "-1 +2");
    EXPECT_EQ(router_of(*state_, ip("192.168.8.100")), 2);
}

TEST_F(ReloadRouters, OfThoseThatShareAVridTheNameDecides) {
    const auto unicast = [](const std::string& name, const std::string& peer) {
        return router(name, "eth0", 51, "192.168.8.1" + peer,
                      "unicast_peer {\n192.168.8." + peer + "\n}\n");
    };
    use(unicast("A", "2") + unicast("B", "3"));
    EXPECT_EQ(reload(unicast("C", "4") + unicast("B", "3")), "");
    EXPECT_EQ(orders(), "~0") << "A has another name, and another peer";
    EXPECT_EQ(state_->routers[0].config->name, "C");
    EXPECT_EQ(reload(unicast("B", "3")), "");
    EXPECT_EQ(orders(), "-0");
    EXPECT_EQ(reload(unicast("A", "2") + unicast("B", "3")), "");
    EXPECT_EQ(orders(), "+2");
}

// Whoever carries the plan out has opened them before.
TEST_F(ReloadRouters, AnInterfaceWithoutPortGetsTheNext) {
    use(router_1);
    const auto plan = [&](const std::string& text) {
        loaded_ = schema::load("f", [&](const std::string&) { return std::optional(text); });
        return plan_reload(*state_, loaded_.config, {.of = [](std::uint16_t) { return 0; }});
    };
    const ReloadPlan added =
        plan(router_1 + router("VI_2", "eth7", 52, "192.168.8.101\n10.9.0.1/24 dev eth5\n") +
             router("VI_3", "eth7", 53, "192.168.8.102"));
    EXPECT_EQ(added.refusal, "");
    EXPECT_EQ(added.new_ports, (std::vector<std::string>{"eth7", "eth5"}));
    EXPECT_EQ(added.routers[1].port, 1);
    EXPECT_EQ(added.routers[2].port, 1);
    EXPECT_TRUE(plan(router_1).new_ports.empty());
}

TEST_F(ReloadRouters, ACardOfOurOwnIsOpenedAtAStartOnly) {
    const std::string plane = "dataplane {\ninterface eth7 {\ndevice 0000:3b:00.0\n}\n}\n";
    use(plane + router_1);
    EXPECT_EQ(reload(plane + router_1 + router("VI_2", "eth7", 52, "192.168.8.101")),
              "interface eth7 has a device of its own: that needs a restart");
    EXPECT_EQ(state_->routers.size(), 1U);
}

TEST_F(ReloadRouters, PlacesOfPortsAreNeverGivenToOthers) {
    use(router_1);
    while (state_->ports.size() < exchange::max_ports)
        state_->ports.emplace_back().name = "old" + std::to_string(state_->ports.size());
    EXPECT_EQ(reload(router_1 + router("VI_2", "old31", 52, "192.168.8.101")), "");
    EXPECT_EQ(reload(router_1 + router("VI_2", "eth7", 52, "192.168.8.101")),
              "interface eth7: all 32 places are taken, by interfaces that were used since the "
              "start: that needs a restart");
}

TEST_F(ReloadRouters, TheyNeverGrowBeyondTheWorkersTable) {
    use(router_1);
    std::string refusal;
    for (int round = 0; round < 2'000 && refusal.empty(); ++round)
        refusal = reload(router("VI_1", "eth0", 51 + round % 2, "192.168.8.100"));
    EXPECT_NE(refusal.find("no room"), std::string::npos) << refusal;
    EXPECT_LE(state_->routers.size(), exchange::max_virtual_routers);
    release();
    EXPECT_EQ(reload(router("VI_1", "eth0", 99, "192.168.8.100")), "");
}

TEST_F(ReloadRouters, ServicesFollowTheirVip) {
    use(router_1 + service("192.168.8.100"));
    EXPECT_EQ(state_->services[0].router, 0);
    EXPECT_EQ(reload(router("VI_1", "eth0", 61, "192.168.8.100") + service("192.168.8.100")), "");
    EXPECT_EQ(state_->services[0].router, 1);
    EXPECT_EQ(state_->services[0].presence, Presence::served);
    EXPECT_EQ(reload(router("VI_1", "eth0", 61, "192.168.8.102") + service("192.168.8.100")), "");
    EXPECT_EQ(state_->services[0].router, std::nullopt);
    EXPECT_FALSE(build_snapshot(*state_, 1)->services[0].present);
}

// ---- sync groups

TEST_F(ReloadRouters, AGroupIsAPlanOfItsMembers) {
    const std::string group = "vrrp_sync_group G {\n group {\n VI_1\n VI_2\n }\n}\n";
    use(router_1 + router_2);
    EXPECT_EQ(reload(router_1 + router_2 + group), "");
    EXPECT_TRUE(changes_.changed_routers.empty());
    EXPECT_EQ(orders(), "~0 ~1");
    EXPECT_TRUE(order(0).plan->settings.grouped);
    EXPECT_EQ(order(0).plan->group, order(1).plan->group);
    // Others that come first in the file do not stir it.
    EXPECT_EQ(reload(router("VI_0", "eth0", 50, "192.168.8.99") + router_1 + router_2 + group), "");
    EXPECT_EQ(orders(), "+2");
    EXPECT_EQ(reload(router_1 + router_2), "");
    EXPECT_EQ(orders(), "-2 ~0 ~1");
    EXPECT_FALSE(order(1).plan->settings.grouped);
}

// ---- tracking

TEST_F(ReloadRouters, WhoHasBegunNeedNotWaitForANewScript) {
    const std::string script = "vrrp_script chk {\n script \"/bin/true\"\n}\n";
    use(script + router_1);
    EXPECT_EQ(
        reload(script + router("VI_1", "eth0", 51, "192.168.8.100", "track_script {\n chk\n}\n")),
        "");
    const auto unknown = [](const config::Tracked&) { return vrrp::TrackedState{}; };
    const RouterState& router = state_->routers[0];
    EXPECT_TRUE(router.has_begun);
    EXPECT_FALSE(evaluate(*router.config, router.has_begun, unknown).total.fault);
    EXPECT_TRUE(evaluate(*router.config, false, unknown).total.fault);
}

}  // namespace
}  // namespace warren::model
