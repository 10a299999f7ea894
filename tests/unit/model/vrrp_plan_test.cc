// SPDX-License-Identifier: BSD-3-Clause
// vrrp_instance -> Settings of the control lcore; interface tracking.
#include "model/vrrp_plan.h"
#include "election/plan.h"

#include <gtest/gtest.h>

#include "unit/model/sample_state.h"

namespace warren::model {
namespace {

TEST(VrrpPlan, TakesTheInstanceLiterally) {
    const auto state = state_of(router(
        "A", "eth0", 51, "192.168.8.100/24",
        "nopreempt\n state BACKUP\n authentication {\n auth_type PASS\n auth_pass 1111\n}\n"));
    const election::RouterPlan& plan = *state->routers.at(0).plan;
    const vrrp::Settings& s = plan.settings;
    EXPECT_EQ(s.version, vrrp::Version::v2);
    EXPECT_EQ(s.vrid, 51);
    EXPECT_EQ(s.priority, 100);
    EXPECT_EQ(s.advert_interval_ns, vrrp::ns_per_s);
    EXPECT_FALSE(s.preempt);
    EXPECT_EQ(s.auth_type, vrrp::AuthType::pass);
    EXPECT_EQ(s.auth_data, (std::array<std::uint8_t, 8>{'1', '1', '1', '1'}));
    EXPECT_EQ(s.primary_address, ip("192.168.8.1"));
    EXPECT_EQ(s.advert_addresses, std::vector{ip("192.168.8.100")});
    EXPECT_EQ(plan.source_mac, state->ports[0].mac);
    EXPECT_EQ(plan.faults, 0);
}

TEST(VrrpPlan, OfTheHostsOwnAddressIsSilent) {
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24"));
    RouterState& own = state->routers[0];
    EXPECT_FALSE(own.plan->settings.silent);
    make_static(own);
    EXPECT_TRUE(make_plan(*own.config, state->ports[0], 0, election::no_group).settings.silent);
}

TEST(VrrpPlan, ExcludedAddressesAreNotInTheAdvert) {
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24",
                                       "virtual_ipaddress_excluded {\n 192.168.8.101\n}\n"));
    EXPECT_EQ(state->routers[0].plan->settings.advert_addresses.size(), 1U);
}

// keepalived lists it twice too, and refuses an advert of another number.
TEST(VrrpPlan, AnAddressIsListedAsOftenAsInTheFile) {
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24\n192.168.8.101/24\n192.168.8.100/32"));
    const RouterState& router = state->routers[0];
    EXPECT_EQ(router.config->virtual_ipaddress.size(), 2U);
    EXPECT_EQ(router.plan->settings.advert_addresses,
              (std::vector{ip("192.168.8.100"), ip("192.168.8.100"), ip("192.168.8.101")}));
    EXPECT_EQ(unlisted_addresses(router), 0U);
}

// IPv6's do not fit an ordinary MTU.
TEST(VrrpPlan, AnAdvertOfALargeMtuListsAllThatVrrpKnows) {
    std::string vips = "fe80::100/64\n";
    for (int i = 0; i < 254; ++i)
        vips += "2001:db8::" + std::to_string(1000 + i) + "/64\n";
    const auto state = state_of(router("A", "eth0", 51, vips));
    const auto listed = [&](std::uint16_t mtu) {
        state->ports[0].mtu = mtu;
        return make_plan(*state->routers[0].config, state->ports[0], 0)
            .settings.advert_addresses.size();
    };
    EXPECT_EQ(listed(1'500), 89U);
    EXPECT_EQ(listed(9'000), 255U);
}

// The rest is served all the same.
TEST(VrrpPlan, TheAdvertListsWhatTheInterfaceCarries) {
    std::string vips;
    for (int i = 0; i < 200; ++i)
        vips += "192.168.9." + std::to_string(1 + i) + "/16\n";
    const auto state = state_of(router("A", "eth0", 51, vips));
    const auto listed = [&] {
        return make_plan(*state->routers[0].config, state->ports[0], 0, election::no_group)
            .settings.advert_addresses.size();
    };
    EXPECT_EQ(listed(), 200U);
    state->ports[0].mtu = 576;
    EXPECT_EQ(listed(), 131U);
    EXPECT_EQ(state->routers[0].config->virtual_ipaddress.size(), 200U);
}

// Explicit groups and implied ones: the VIP's and the local addresses' routers of one service.
TEST(VrrpPlan, GroupsAreExplicitAndImplied) {
    const std::string three = router("A", "eth0", 51, "192.168.8.100/24") +
                              router("B", "eth1", 52, "10.0.0.3/24") +
                              router("C", "eth1", 53, "10.0.0.100/24");
    const auto group = [](const State& state, std::size_t i) {
        EXPECT_EQ(state.routers[i].plan->settings.grouped,
                  state.routers[i].plan->group != election::no_group);
        return state.routers[i].plan->group;
    };
    const auto named = state_of(three + "vrrp_sync_group G {\n group {\n B\n C\n }\n}\n");
    EXPECT_EQ(group(*named, 0), election::no_group);
    EXPECT_EQ(group(*named, 1), group(*named, 2));
    EXPECT_NE(group(*named, 1), election::no_group);
    const auto implied = state_of(three + "local_address_group L {\n 10.0.0.3 eth1\n}\n" +
                                  service("192.168.8.100", "laddr_group_name L\n"));
    EXPECT_EQ(group(*implied, 0), group(*implied, 1));
    EXPECT_NE(group(*implied, 0), election::no_group);
    EXPECT_EQ(group(*implied, 2), election::no_group);
}

TEST(VrrpPlan, StartsInFaultWithoutLinkOrAddress) {
    auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24"));
    PortState port = state->ports[0];
    port.link_up = false;
    port.primary.reset();
    const election::RouterPlan plan = make_plan(state->config.vrrp_instances[0], port, 0);
    EXPECT_EQ(plan.faults, 1U << static_cast<unsigned>(vrrp::FaultCause::link_down) |
                               1U << static_cast<unsigned>(vrrp::FaultCause::no_address));
}

// A card that hears no MAC but its own serves with that one.
TEST(VrrpPlan, AVirtualMacNeedsACardThatHearsIt) {
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24", "use_vmac\n"));
    PortState port = state->ports[0];
    EXPECT_EQ(make_plan(state->config.vrrp_instances[0], port, 0).source_mac,
              net::virtual_router_mac(51, false));
    port.hears_virtual_macs = false;
    EXPECT_EQ(make_plan(state->config.vrrp_instances[0], port, 0).source_mac, port.mac);
}

TEST(VrrpPlan, AdvertsMayKeepThePortsMac) {
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24", "use_vmac vrrp51\n vmac_xmit_base\n"));
    EXPECT_TRUE(state->routers[0].plan->adverts_from_base);
    EXPECT_EQ(state->routers[0].plan->source_mac, net::virtual_router_mac(51, false));
}

TEST(VrrpPlan, AConfiguredBurstIsTakenLiterally) {
    const auto untouched = state_of(router("A", "eth0", 51, "192.168.8.100/24"));
    EXPECT_EQ(untouched->routers[0].plan->settings.announcements.takeover[0].count,
              vrrp::default_announce_schedule[0].count);
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24",
                                       "garp_master_repeat 2\n garp_master_delay 3\n"));
    const vrrp::AnnounceSchedule& burst = state->routers[0].plan->settings.announcements.takeover;
    EXPECT_EQ(burst[0].count, 2);
    EXPECT_EQ(burst[1].count, 2);
    EXPECT_EQ(burst[1].delay_ns, 3 * vrrp::ns_per_s);
    EXPECT_EQ(burst[2].count, 0);
}

TEST(LacksSource, OnlyWhatTheFileNamesAndOnlyIfItSaysSo) {
    const PortState port;
    const std::vector<net::IpAddress> host{ip("192.168.8.1"), ip("192.168.8.9")};
    config::VrrpInstance v;
    v.track_src_ip = true;
    EXPECT_FALSE(lacks_source(v, port, {})) << "it names none";
    v.mcast_src_ip = ip("192.168.8.9");
    EXPECT_FALSE(lacks_source(v, port, host));
    v.mcast_src_ip = ip("192.168.8.7");
    EXPECT_TRUE(lacks_source(v, port, host));
    v.track_src_ip = false;
    EXPECT_FALSE(lacks_source(v, port, host));
    v = {};
    v.track_src_ip = true;
    v.unicast_src_ip = ip("192.168.8.7");
    EXPECT_TRUE(lacks_source(v, port, host));
}

TEST(LacksSource, AUnicastRouterLivesByItWhereTheKernelHasTheAddresses) {
    const std::vector<net::IpAddress> host{ip("192.168.8.1")};
    PortState port;
    port.shared = true;
    config::VrrpInstance v;
    v.unicast_src_ip = ip("192.168.8.7");
    EXPECT_FALSE(lacks_source(v, port, host)) << "by multicast it is heard all the same";
    v.unicast_peer.emplace_back().address = ip("192.168.8.1");
    EXPECT_TRUE(lacks_source(v, port, host));
    v.unicast_src_ip = ip("192.168.8.1");
    EXPECT_FALSE(lacks_source(v, port, host));
    v.unicast_src_ip = ip("192.168.8.7");
    port.shared = false;
    EXPECT_FALSE(lacks_source(v, port, host)) << "a port of our own";
}

}  // namespace
}  // namespace warren::model
