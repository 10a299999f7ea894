// SPDX-License-Identifier: BSD-3-Clause
// virtual_servers of the host's own addresses get routers that speak no VRRP.
#include "config/host_devices.h"

#include <gtest/gtest.h>

#include "../schema/load_text.h"

namespace warren::config {
namespace own_services_test {

using namespace schema;

std::string service(const std::string& address) {
    return "virtual_server " + address +
           " 80 {\nlb_algo rr\nlb_kind FNAT\nprotocol TCP\nreal_server 10.0.0.9 80 {\n"
           "TCP_CHECK {\n}\n}\n}\n";
}

const std::string group =
    "virtual_server_group G {\n10.0.0.4 80\n10.0.0.4 81\n10.0.0.7 80\n}\n" + service("group G");

OwnPlace on_eth0(const VirtualServer& service) {
    return service.address == net::IpAddress::parse("10.0.0.4") ? OwnPlace{"eth0", {}} : OwnPlace{};
}

TEST(OwnServices, EachOfTheHostsAddressesHasARouterAndNoWarning) {
    auto loaded = load_text(group);
    serve_own_addresses(loaded.config, loaded.diagnostics, on_eth0);
    ASSERT_EQ(loaded.config.vrrp_instances.size(), 1U) << "two services of one address";
    const VrrpInstance& router = loaded.config.vrrp_instances[0];
    EXPECT_TRUE(router.serves_host_address && router.track_src_ip);
    EXPECT_EQ(router.name, "10.0.0.4");
    EXPECT_EQ(router.mcast_src_ip, net::IpAddress::parse("10.0.0.4"));
    const std::string told = messages(loaded.diagnostics);
    EXPECT_EQ(told.find("10.0.0.4 of this virtual_server"), std::string::npos) << told;
    EXPECT_NE(told.find("10.0.0.7 of this virtual_server is in no vrrp_instance"),
              std::string::npos)
        << told;
    EXPECT_NE(
        told.find("10.0.0.4 is the host's own: served for as long as the host has it, no VRRP"),
        std::string::npos)
        << told;
}

TEST(OwnServices, IPv6HasARouterOfItsFamily) {
    auto loaded = load_text(service("fd00::4"));
    serve_own_addresses(loaded.config, loaded.diagnostics, [](const VirtualServer&) {
        return OwnPlace{"eth0", {}};
    });
    ASSERT_EQ(loaded.config.vrrp_instances.size(), 1U);
    EXPECT_TRUE(loaded.config.vrrp_instances[0].is_ipv6());
}

TEST(OwnServices, WhatIsOnLoIsServedWhereItsServersAre) {
    auto loaded = load_text(service("10.0.0.4"));
    serve_own_addresses(loaded.config, loaded.diagnostics, [](const VirtualServer&) {
        return OwnPlace{"eth1", "lo"};
    });
    const VrrpInstance& router = loaded.config.vrrp_instances.at(0);
    EXPECT_EQ(router.interface_of(router.virtual_ipaddress.at(0)), "eth1");
    const std::string told = messages(loaded.diagnostics);
    EXPECT_NE(
        told.find("10.0.0.4 is the host's own, on lo: it is served to clients that come by eth1"),
        std::string::npos)
        << told;
}

TEST(OwnServices, ALabelIsNoInterface) {
    EXPECT_EQ(interface_of_label("eth0:1"), "eth0");
    EXPECT_EQ(interface_of_label("eth0.7"), "eth0.7");
}

std::string virtual_router(const std::string& vip) {
    return "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n" + vip +
           "/24\n}\n}\n";
}

std::size_t routers_beside(const std::string& running, const std::string& wanted) {
    auto loaded = load_text(wanted);
    const auto before = load_text(running);
    serve_own_addresses(loaded.config, loaded.diagnostics, on_eth0, &before.config);
    return loaded.config.vrrp_instances.size();
}

// The host has it until the reload that is asked for.
TEST(OwnServices, WhatAMasterGaveTheHostIsNotItsOwn) {
    const std::string wanted = service("10.0.0.4");
    EXPECT_EQ(routers_beside(virtual_router("10.0.0.4"), wanted), 0U);
    EXPECT_EQ(routers_beside(virtual_router("10.0.0.9"), wanted), 1U);
    EXPECT_EQ(routers_beside(virtual_router("10.0.0.4"),
                             "static_ipaddress {\n10.0.0.4/24 dev eth0\n}\n" + wanted),
              1U);
    auto running = load_text(wanted);
    serve_own_addresses(running.config, running.diagnostics, on_eth0);
    auto again = load_text(wanted);
    serve_own_addresses(again.config, again.diagnostics, on_eth0, &running.config);
    EXPECT_EQ(again.config.vrrp_instances.size(), 1U) << "as it was";
}

// Else they would move together, and the host's own address does not.
TEST(OwnServices, AServiceOfAMastersLocalAddressesIsLeftAlone) {
    std::string of_group = service("10.0.0.4");
    of_group.replace(of_group.find("lb_algo"), 0, "laddr_group_name L\n");
    auto loaded = load_text(virtual_router("10.0.0.8") +
                            "local_address_group L {\n10.0.0.8 eth0\n}\n" + of_group);
    serve_own_addresses(loaded.config, loaded.diagnostics, on_eth0);
    EXPECT_EQ(loaded.config.vrrp_instances.size(), 1U);
    EXPECT_NE(messages(loaded.diagnostics).find("10.0.0.4 of this virtual_server"),
              std::string::npos);
}

TEST(OwnServices, VrrpsAddressesLocalOnesAndLoopbackAreNot) {
    const std::string instance =
        "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n"
        "10.0.0.4/24\n}\n}\n";
    for (const std::string& text :
         {instance + service("10.0.0.4"), service("127.0.0.1"),
          "local_address_group L {\n10.0.0.4 eth0\n}\n" + service("10.0.0.4")}) {
        auto loaded = load_text(text);
        const std::size_t before = loaded.config.vrrp_instances.size();
        serve_own_addresses(loaded.config, loaded.diagnostics, [](const VirtualServer&) {
            return OwnPlace{"eth0", {}};
        });
        EXPECT_EQ(loaded.config.vrrp_instances.size(), before) << text;
    }
}

}  // namespace own_services_test
}  // namespace warren::config
