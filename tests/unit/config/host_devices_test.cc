// SPDX-License-Identifier: BSD-3-Clause
// What the host says of a `dev`, and random numbers that stay the same.
#include "config/host_devices.h"

#include <gtest/gtest.h>

#include "../schema/load_text.h"
#include "syntax/random_numbers.h"

namespace warren::config {
namespace host_devices_test {

using namespace schema;
using namespace syntax;

TEST(HostDevices, AMissingOneTakesItsAddressAlong) {
    Config config = load_text(
                        "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\n"
                        "virtual_ipaddress {\n10.0.0.1/24\n10.0.0.2/24 dev gone0\n}\n"
                        "virtual_ipaddress_excluded {\n10.0.0.3 dev lo\n10.0.0.4 dev eth1\n}\n}\n")
                        .config;
    const Diagnostics found = settle_devices(config, [](const std::string& name) {
        return name == "lo"     ? HostDevice::mute
               : name == "eth1" ? HostDevice::link
                                : HostDevice::missing;
    });
    EXPECT_EQ(messages(found),
              "f:6: warning: there is no interface gone0: the address 10.0.0.2 is left out, as in "
              "keepalived\n");
    const VrrpInstance& v = config.vrrp_instances.at(0);
    ASSERT_EQ(v.virtual_ipaddress.size(), 1U);
    ASSERT_EQ(v.virtual_ipaddress_excluded.size(), 2U);
    EXPECT_EQ(v.interface_of(v.virtual_ipaddress_excluded[0]), "eth0");
    EXPECT_EQ(v.interface_of(v.virtual_ipaddress_excluded[1]), "eth1");
}

TEST(HostDevices, AnInstanceWithoutItsInterfaceIsToldAbout) {
    Config config = load_text(
                        "vrrp_instance V {\ninterface gone0\nvirtual_router_id 1\n"
                        "virtual_ipaddress {\n10.0.0.1/24\n}\n}\n")
                        .config;
    const auto all_are = [](HostDevice device) {
        return [=](const std::string&) { return device; };
    };
    const std::string told =
        messages(find_useless_interfaces(config, all_are(HostDevice::missing)));
    EXPECT_TRUE(
        told.starts_with("f:1: warning: V: there is no interface gone0: warren cannot start"))
        << told;
    EXPECT_TRUE(find_useless_interfaces(config, all_are(HostDevice::link)).empty());
    const std::string mute = messages(find_useless_interfaces(config, all_are(HostDevice::mute)));
    EXPECT_TRUE(mute.starts_with("f:1: warning: V: no station is heard on gone0")) << mute;
    config.vrrp_instances[0].interface = "lo";
    EXPECT_TRUE(find_useless_interfaces(config, all_are(HostDevice::mute)).empty());
}

TEST(HostDevices, WithDynamicInterfacesWhatIsMissingMayCome) {
    Config config = load_text(
                        "global_defs {\ndynamic_interfaces allow_if_changes\n}\n"
                        "vrrp_instance V {\ninterface gone0\nvirtual_router_id 1\n"
                        "virtual_ipaddress {\n10.0.0.1/24\n10.0.0.2/24 dev gone1\n}\n}\n")
                        .config;
    const auto none_is_there = [](const std::string&) { return HostDevice::missing; };
    EXPECT_EQ(messages(find_useless_interfaces(config, none_is_there)),
              "f:4: warning: V: there is no interface gone0: in fault until it comes "
              "(dynamic_interfaces)\n");
    EXPECT_TRUE(settle_devices(config, none_is_there).empty());
    EXPECT_EQ(port_names(config), (std::vector<std::string>{"gone0", "gone1"}));
}

// Each once, behind those that the file names.
TEST(HostDevices, AServersInterfaceNeedsAPort) {
    Config config =
        load_text(
            "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n"
            "10.0.0.1/24\n}\n}\nvirtual_server 10.0.0.1 80 {\nlb_kind FNAT\n"
            "sorry_server 10.3.0.1 80\nreal_server 10.2.0.1 80 {\n}\n"
            "real_server 10.2.0.2 80 {\n}\nreal_server 10.0.0.2 80 {\n}\n"
            "real_server 127.0.0.1 80 {\n}\n}\n")
            .config;
    settle_server_interfaces(config, [](const net::IpAddress& server) {
        const std::string text = server.to_string();
        return text.starts_with("10.2")   ? "eth2"
               : text.starts_with("10.3") ? "eth3"
               : text.starts_with("10.0") ? "eth0"
                                          : "";
    });
    EXPECT_EQ(config.server_interfaces, (std::vector<std::string>{"eth2", "eth0", "eth3"}));
    EXPECT_EQ(port_names(config), (std::vector<std::string>{"eth0", "eth2", "eth3"}));
}

// A tun, WireGuard, PPP: `--check` says what is in the clients' way.
TEST(HostDevices, AServerThatOnlyTheKernelReaches) {
    const Config config =
        load_text(
            "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n"
            "10.0.0.1/24\n}\n}\n"
            "virtual_server 10.0.0.1 80 {\nlb_kind FNAT\nreal_server 10.9.0.2 80 {\n}\n"
            "real_server 10.0.0.2 80 {\n}\n}\n"
            "virtual_server 10.0.0.1 81 {\nlb_kind DR\nreal_server 10.9.0.2 81 {\n}\n}\n")
            .config;
    const auto texts = [&](bool forwards) {
        std::string all;
        for (const auto& found : find_servers_without_way(
                 config,
                 [](const net::IpAddress& server) {
                     return server.to_string() == "10.9.0.2" ? "wg0" : "";
                 },
                 [&](bool) { return forwards; }))
            all += found.message + "\n";
        return all;
    };
    const std::string where =
        "no client reaches the server 10.9.0.2: its interface wg0 has no Ethernet, and ";
    const std::string direct = where +
                               "this host's kernel leads there for lb_kind NAT and FNAT only, in "
                               "the VIP's family and without proxy_protocol\n";
    EXPECT_EQ(texts(true), direct);
    EXPECT_EQ(texts(false),
              where + "this host's kernel leads there if net.ipv4.ip_forward is 1\n" + direct);
}

TEST(HostDevices, WhoGivesCardsSaysWhatIsUsed) {
    Config config =
        load_text(
            "dataplane {\ninterface lan0 {\ndevice net_tap0\n}\n}\n"
            "vrrp_instance V {\ninterface lan0\nvirtual_router_id 1\nvirtual_ipaddress {\n"
            "10.0.0.1/24\n}\n}\nvirtual_server 10.0.0.1 80 {\nlb_kind FNAT\n"
            "real_server 10.0.0.2 80 {\n}\n}\n")
            .config;
    settle_server_interfaces(config, [](const net::IpAddress&) { return "eth0"; });
    EXPECT_EQ(port_names(config), std::vector<std::string>{"lan0"});
}

TEST(RandomNumbers, AreInTheirRangeAndTheSameFromTheSameSeed) {
    const std::string line = "priority ${_RANDOM 50 52} x${_RANDOM}y";
    EXPECT_EQ(RandomNumbers(7).put_into(line), RandomNumbers(7).put_into(line));
    RandomNumbers random(7);
    std::string seen;
    for (int i = 0; i < 100; ++i)
        seen += random.put_into("${_RANDOM 50 52} ");
    for (const char* number : {"50 ", "51 ", "52 "})
        EXPECT_NE(seen.find(number), std::string::npos);
    EXPECT_EQ(seen.find_first_not_of("0125 "), std::string::npos) << seen;
    EXPECT_EQ(random.put_into("${_RANDOM 9 1} ${_RANDOM x"), "${_RANDOM 9 1} ${_RANDOM x");
}

}  // namespace host_devices_test
}  // namespace warren::config
