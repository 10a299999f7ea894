// SPDX-License-Identifier: BSD-3-Clause
// `dev IFACE`: an address lives on that interface, with its MAC, its guard and its groups.
#include <gtest/gtest.h>

#include "model/builder.h"
#include "model/kernel_rules.h"
#include "unit/model/sample_state.h"

namespace warren::model {
namespace {

// eth0 is port 0, eth1 is port 1.
std::unique_ptr<State> two_interfaces(const std::string& more = "use_vmac\n") {
    return state_of(router("A", "eth0", 51, "192.168.8.100/24",
                           more + "virtual_ipaddress_excluded {\n 10.9.0.100/24 dev eth1\n"
                                  " fd00:9::100/64 dev eth1\n}\n") +
                    service("10.9.0.100"));
}

TEST(OtherInterface, HasAPortForItsAddresses) {
    const auto state = two_interfaces();
    ASSERT_EQ(state->ports.size(), 2U);
    EXPECT_EQ(state->ports[1].name, "eth1");
    EXPECT_EQ(state->routers[0].port, 0) << "adverts stay on the instance's";
    const auto snapshot = build_snapshot(*state, 1);
    const auto* here = snapshot->find_address(ip("192.168.8.100"));
    const auto* there = snapshot->find_address(ip("10.9.0.100"));
    ASSERT_NE(here, nullptr);
    ASSERT_NE(there, nullptr);
    EXPECT_EQ(here->port, 0);
    EXPECT_TRUE(net::is_virtual_router_mac(here->mac));
    EXPECT_EQ(there->port, 1);
    EXPECT_EQ(there->mac, state->ports[1].mac) << "the virtual MAC is on the instance's only";
    EXPECT_EQ(there->virtual_router, 0);
}

TEST(OtherInterface, IsGuardedAndHearsWhoAsksForItsAddresses) {
    const auto state = two_interfaces();
    const auto snapshot = build_snapshot(*state, 1);
    const kernel::InterfaceRules here = interface_rules(*state, *snapshot, 0);
    const kernel::InterfaceRules there = interface_rules(*state, *snapshot, 1);
    EXPECT_EQ(here.silent, std::vector{ip("192.168.8.100")});
    EXPECT_EQ(there.silent, (std::vector{ip("10.9.0.100"), ip("fd00:9::100")}));
    EXPECT_TRUE(here.services.empty());
    EXPECT_EQ(there.services, (std::vector{std::pair(ip("10.9.0.100"), std::uint16_t{5672})}));
    EXPECT_TRUE(there.vrids.empty()) << "no adverts there";
    const auto groups = multicast_groups(*state, *snapshot, 1);
    EXPECT_EQ(groups, std::vector{solicited_node_group(ip("fd00:9::100"))});
}

TEST(OtherInterface, TheHostHasThemThere) {
    const auto state = two_interfaces("");
    state->routers[0].status.state = vrrp::State::master;
    const auto all = host_addresses(*state);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].interface, "eth0");
    EXPECT_EQ(all[1].interface, "eth1");
    EXPECT_TRUE(is_hosts(*state, ip("10.9.0.100")));
    state->ports[1].reaches_kernel = false;
    EXPECT_FALSE(is_hosts(*state, ip("10.9.0.100"))) << "there is no way to the host from there";
    EXPECT_TRUE(is_hosts(*state, ip("192.168.8.100")));
}

// Clients and servers whose gateway a master is there: the kernel would refuse them. A backup's
// kernel is to send them on to the master.
TEST(OtherInterface, OfAMasterHidesItsConnectionsFromTheKernelToo) {
    const auto state = two_interfaces("");
    const auto hidden = [&] {
        return interface_rules(*state, *build_snapshot(*state, 1), 0).services;
    };
    EXPECT_TRUE(hidden().empty());
    state->routers[0].status.state = vrrp::State::master;
    EXPECT_EQ(hidden(), (std::vector{std::pair(ip("10.9.0.100"), std::uint16_t{5672})}));
    const kernel::InterfaceRules rules = interface_rules(*state, *build_snapshot(*state, 1), 0);
    EXPECT_EQ(rules.silent, std::vector{ip("192.168.8.100")}) << "ARP is asked at home only";
    EXPECT_EQ(rules.local_addresses, std::vector{ip("10.9.0.100")});
}

// lo, or a dummy: the address is there, and the instance's interface answers for it.
TEST(OtherInterface, ThatIsMuteLeavesItsAddressesToTheInstances) {
    const std::string text =
        router("A", "eth0", 51, "192.168.8.100/24 dev lo\n192.168.8.101/24 dev eth0");
    auto loaded = schema::load("f", [&](const std::string&) { return std::optional(text); });
    loaded.config.vrrp_instances[0].virtual_ipaddress[0].device_is_mute = true;
    EXPECT_EQ(port_names(loaded.config), std::vector<std::string>{"eth0"});
    PortState port;
    port.name = "eth0";
    const auto state = make_state(loaded.config, {port}, 1);
    EXPECT_EQ(build_snapshot(*state, 1)->find_address(ip("192.168.8.100"))->port, 0);
    state->routers[0].status.state = vrrp::State::master;
    EXPECT_EQ(host_addresses(*state).at(0).interface, "lo");
}

const std::string route_lines =
    "virtual_routes {\n10.8.0.0/16 via 192.168.8.9 dev eth0\n}\n"
    "virtual_rules {\nfrom 10.8.0.0/16 table 5 priority 9 no_track\n}\n";

TEST(HostPolicy, StaticThenTheMasters) {
    const auto state = state_of(
        "static_routes {\n10.7.0.0/16 via 192.168.8.9 dev eth0\n}\n"
        "static_rules {\nfrom 10.7.0.0/16 table 5 priority 8\n}\n" +
        router("A", "eth0", 51, "192.168.8.100/24", route_lines));
    const auto text = [](const std::vector<kernel::PolicyEntry>& all) {
        std::string lines;
        for (const kernel::PolicyEntry& entry : all)
            lines += kernel::to_string(entry) + (entry.returns ? "\n" : " (once)\n");
        return lines;
    };
    const std::string fixed =
        "route 10.7.0.0/16 via 192.168.8.9 dev eth0\n"
        "rule from 10.7.0.0/16 table 5 priority 8\n";
    const std::string moving =
        "route 10.8.0.0/16 via 192.168.8.9 dev eth0\n"
        "rule from 10.8.0.0/16 table 5 priority 9 (once)\n";
    EXPECT_EQ(text(host_policy(*state)), fixed);
    EXPECT_EQ(text(possible_host_policy(state->config)), fixed + moving);
    state->routers[0].status.state = vrrp::State::master;
    EXPECT_EQ(text(host_policy(*state)), fixed + moving);
}

TEST(StaticThings, OfAGroup) {
    const auto state = state_of(
        "track_group G {\ngroup {\nA\n}\n}\n"
        "static_ipaddress {\n10.7.0.1/24 dev eth1 track_group G\nfd00:7::1/64 dev eth1\n}\n"
        "static_routes {\n10.8.0.0/16 via 10.7.0.9 dev eth1 track_group G\n}\n" +
        router("A", "eth0", 51, "192.168.8.100/24"));
    EXPECT_EQ(state->ports.size(), 1U) << "a static address is the kernel's";
    const auto all = static_addresses(state->config);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[1].preferred_lft, kernel::KernelAddress::for_ever);
    const StaticThings things = things_of_group(state->config, "G");
    ASSERT_EQ(things.addresses.size(), 1U);
    EXPECT_EQ(things.addresses[0].interface, "eth1");
    EXPECT_EQ(things.policy.size(), 1U);
}

}  // namespace
}  // namespace warren::model
