// SPDX-License-Identifier: BSD-3-Clause
// Routes and rules: all the words of keepalived.conf(5), and what becomes of a line with a fault.
#include <gtest/gtest.h>

#include "load_text.h"

namespace warren::schema {
namespace policy_test {

using namespace config;
using namespace syntax;

using net::RouteMetric;

const std::string instance =
    "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nno_virtual_ipaddress\n";

LoadResult with_routes(const std::string& lines) {
    return load_text(instance + "virtual_routes {\n" + lines + "\n}\n}\n");
}

net::Route route(const std::string& line) {
    const LoadResult result = with_routes(line);
    EXPECT_TRUE(result.diagnostics.empty()) << messages(result.diagnostics);
    const auto& routes = result.config.vrrp_instances.at(0).virtual_routes;
    return routes.size() == 1 ? routes[0].route : net::Route{};
}

net::Rule rule(const std::string& line) {
    const LoadResult result = load_text(instance + "virtual_rules {\n" + line + "\n}\n}\n");
    EXPECT_TRUE(result.diagnostics.empty()) << messages(result.diagnostics);
    const auto& rules = result.config.vrrp_instances.at(0).virtual_rules;
    return rules.size() == 1 ? rules[0].rule : net::Rule{};
}

std::optional<net::IpAddress> ip(const char* text) {
    return net::IpAddress::parse(text);
}

TEST(Routes, OfTheManualsInstance) {
    net::Route r = route("src 192.168.100.1 to 192.168.109.0/24 via 192.168.200.254 dev eth1");
    EXPECT_EQ(r.source, ip("192.168.100.1"));
    EXPECT_EQ(net::to_string(r), "192.168.109.0/24 via 192.168.200.254 dev eth1");
    EXPECT_EQ(r.table, net::main_table);
    EXPECT_EQ(r.protocol, net::keepalived_protocol);
    r = route("192.168.113.0/24 via 192.168.200.254 or 192.168.100.254 dev eth1");
    EXPECT_FALSE(r.hop.gateway);
    EXPECT_EQ(r.hop.interface, "eth1");
    ASSERT_EQ(r.hops.size(), 2U);
    EXPECT_EQ(r.hops[1].gateway, ip("192.168.100.254"));
    EXPECT_EQ(net::to_string(route("blackhole 192.168.114.0/24")), "blackhole 192.168.114.0/24");
    r = route("0.0.0.0/0 gw 192.168.0.1 table 100");
    EXPECT_EQ(net::to_string(r), "default via 192.168.0.1 table 100");
}

TEST(Routes, OfTheManualsHost) {
    net::Route r = route(
        "192.168.100.0/24 table 6909 nexthop via 192.168.101.1 dev wlan0 onlink weight 1 nexthop "
        "via 192.168.101.2 dev wlan0 onlink weight 2");
    ASSERT_EQ(r.hops.size(), 2U);
    EXPECT_EQ(
        r.hops[1],
        (net::RouteHop{
            .gateway = ip("192.168.101.2"), .interface = "wlan0", .onlink = true, .weight = 2}));
    r = route(
        "192.168.200.0/24 dev p33p1.2 table 6909 tos 0x04 scope link priority 12 mtu 1000 "
        "hoplimit 100 advmss 101 rtt 1600 rttvar 1030 reordering 104 window 105 cwnd 106 ssthresh "
        "lock 107 realms 3/0x14 rto_min 250ms initcwnd 109 initrwnd 110 features ecn add");
    EXPECT_EQ(r.tos, 4);
    EXPECT_EQ(r.scope, 253);
    EXPECT_EQ(r.priority, 12U);
    EXPECT_EQ(r.hop.realms, 3U << 16 | 0x14);
    EXPECT_EQ(r.place, net::RoutePlace::only);
    EXPECT_EQ(r.locked, 1U << 6);
    const std::map<RouteMetric, std::uint32_t> metrics{
        {RouteMetric::mtu, 1000},    {RouteMetric::hoplimit, 100}, {RouteMetric::advmss, 101},
        {RouteMetric::rtt, 1600},    {RouteMetric::rttvar, 1030},  {RouteMetric::reordering, 104},
        {RouteMetric::window, 105},  {RouteMetric::cwnd, 106},     {RouteMetric::ssthresh, 107},
        {RouteMetric::rto_min, 250}, {RouteMetric::initcwnd, 109}, {RouteMetric::initrwnd, 110},
        {RouteMetric::features, 1}};
    EXPECT_EQ(r.metrics, metrics);
    r = route("inet6 default via fd00::1 dev eth1 append fastopen_no_cookie 1 expires 60 pref low");
    EXPECT_TRUE(r.v6);
    EXPECT_EQ(r.place, net::RoutePlace::append);
    EXPECT_EQ(r.expires, 60U);
    EXPECT_EQ(r.router_preference, 3);
    EXPECT_EQ(route("10.0.0.0/8 dev eth1 rtt 1s").metrics.at(RouteMetric::rtt), 8'000U);
    EXPECT_EQ(route("10.0.0.0/8 dev eth1 congctl lock bbr").congestion_control, "bbr");
}

TEST(Routes, NamesAreIproute2s) {
    const Files files{
        {"f", instance + "virtual_routes {\n10.1.0.0/16 dev eth1 table isp\n"
                         "10.2.0.0/16 dev eth1 table main\n"
                         "10.3.0.0/16 dev eth1 protocol bird no_track\n}\n}\n"},
        {"/etc/iproute2/rt_tables", "# comment\n255\tlocal\n100 isp # one\n0x65 b\n"}};
    const LoadResult result = load("f", reader_of(files));
    ASSERT_TRUE(result.diagnostics.empty()) << messages(result.diagnostics);
    const auto& routes = result.config.vrrp_instances.at(0).virtual_routes;
    EXPECT_EQ(routes.at(0).route.table, 100U);
    EXPECT_EQ(routes.at(1).route.table, 254U);
    EXPECT_EQ(routes.at(2).route.protocol, 12U);
    EXPECT_FALSE(routes.at(2).is_tracked);
}

struct Fault {
    std::string line;
    const char* says;
};

TEST(Routes, WithAFaultAreLeftOutAndTheRestStays) {
    const Fault faults[] = {
        {"10.1.0.0/16 via 10.0.0.9 encap ip id 3", "'encap' is not served: this route is left out"},
        {"10.1.0.0/16 via", "after 'via' something is missing"},
        {"10.1.0.0/16 via fd00::1", "IPv4 and IPv6 do not go together"},
        {"10.1.0.0/16 via gateway", "'gateway' is no address"},
        {"10.1.0.0/16 dev eth1 table isp", "'isp' is no table"},
        {"10.1.0.0/16 dev eth1 wieght 3", "'wieght' is unknown here"},
        {"dev eth1", "a route needs a destination"},
        {"10.1.0.0/16 dev eth1 mtu big", "'big' is no number"},
        {"10.1.0.0/16 nexthop via 10.0.0.9 weight 0", "'weight' is 1 to 256"},
        {"10.1.0.0/16 nexthop via 10.0.0.9 mtu 9", "after the nexthops comes nothing"},
        {"10.1.0.0/16 dev eth1 track_group G", "'track_group' is unknown here"},
        {"from 10.2.0.0/16 10.1.0.0/16 dev eth1", "'from' is for IPv6 routes"},
    };
    for (const Fault& fault : faults) {
        const LoadResult result = with_routes(fault.line + "\n10.9.0.0/16 dev eth1");
        ASSERT_TRUE(result.ok()) << messages(result.diagnostics);
        ASSERT_EQ(result.diagnostics.size(), 1U) << fault.line << messages(result.diagnostics);
        EXPECT_NE(messages(result.diagnostics).find(fault.says), std::string::npos)
            << messages(result.diagnostics);
        EXPECT_EQ(result.diagnostics[0].where.line, 6U);
        EXPECT_EQ(result.config.vrrp_instances.at(0).virtual_routes.size(), 1U);
    }
}

TEST(Rules, OfTheManual) {
    net::Rule r = rule(
        "from 192.168.28.0/24 to 192.168.29.0/26 table 9 iif p33p1 oif wlan0 tos 22 fwmark 24/12 "
        "preference 39 realms 30/20");
    EXPECT_EQ(net::to_string(r),
              "from 192.168.28.0/24 to 192.168.29.0/26 iif p33p1 oif wlan0 fwmark 24 table 9 "
              "priority 39");
    EXPECT_EQ(r.mark_mask, 12U);
    EXPECT_EQ(r.realms, 30U << 16 | 20);
    r = rule(
        "to 1:2:3:4:5:6:7:0/112 from 7:6:5:4:3:2::/96 table 6908 uidrange 10000-19999 order 4");
    EXPECT_TRUE(r.v6);
    EXPECT_EQ(r.users, std::pair(10'000U, 19'999U));
    r = rule(
        "to 1:2:3:4:6:6:7:0/112 l3mdev no_track protocol 12 ip_proto UDP sport 10-20 dport 30 "
        "priority 5");
    EXPECT_TRUE(r.l3mdev);
    EXPECT_EQ(r.protocol, 12);
    EXPECT_EQ(r.ip_protocol, 17);
    EXPECT_EQ(r.source_ports, net::Rule::Ports(10, 20));
    EXPECT_EQ(r.destination_ports, net::Rule::Ports(30, 30));
    // As keepalived 2.2.7 makes them, seen by `ip -d rule`.
    EXPECT_EQ(rule("from 10.0.0.0/8 table 5 priority 5").protocol, net::keepalived_protocol);
    EXPECT_EQ(rule("from 10.0.0.0/8 table 5 priority 5 no_track").protocol, net::no_protocol);
    EXPECT_EQ(rule("not from 10.0.0.0/8 prohibit priority 5").action, net::RuleAction::prohibit);
    r = rule("iif eth1 goto 40 priority 39");
    EXPECT_EQ(r.action, net::RuleAction::jump);
    EXPECT_EQ(r.jump_target, 40U);
    EXPECT_EQ(rule("table main sup_pl 0 priority 5").suppress_prefix_length, 0U);
}

TEST(Rules, WithAFaultAreLeftOut) {
    const Fault faults[] = {
        {"from 10.1.0.0/16 priority 5", "a rule needs a table or another action"},
        {"from 10.1.0.0/16 table 5 blackhole priority 5", "a rule has one of table"},
        {"from 10.1.0.0/16 table 0 priority 5", "there is no table 0"},
        {"from 10.1.0.0/16 goto 5 priority 5", "'goto' needs a preference below its target"},
        {"from 10.1.0.0/16 nop realms 4 priority 5", "realms and suppress_* go with a table"},
        {"from 10.1.0.0/16 table 5 fwmark x priority 5", "'x' is no fwmark"},
        {"from 10.1.0.0/16 table 5 priority 5 nosuch", "'nosuch' is unknown here"},
        {"from 10.1.0.0/16 table 5 priority 5 sport 9-3", "'9-3' is no range"},
    };
    for (const Fault& fault : faults) {
        const LoadResult result =
            load_text(instance + "virtual_rules {\n" + fault.line + "\n}\n}\n");
        ASSERT_TRUE(result.ok());
        ASSERT_EQ(result.diagnostics.size(), 1U) << fault.line << messages(result.diagnostics);
        EXPECT_NE(messages(result.diagnostics).find(fault.says), std::string::npos)
            << messages(result.diagnostics);
        EXPECT_TRUE(result.config.vrrp_instances.at(0).virtual_rules.empty());
    }
}

TEST(Rules, WithoutAPreferenceGetOneEachAsInKeepalived) {
    const LoadResult result = load_text(
        "static_rules {\nfrom 10.1.0.0/16 table 5\nfrom 10.2.0.0/16 table 5\nfrom fd00::/16 table "
        "5\n}\n" +
        instance + "}\n");
    EXPECT_EQ(result.diagnostics.size(), 3U);
    const auto& rules = result.config.static_rules;
    ASSERT_EQ(rules.size(), 3U);
    EXPECT_EQ(rules[0].rule.priority, 16'384U);
    EXPECT_EQ(rules[1].rule.priority, 16'383U);
    EXPECT_EQ(rules[2].rule.priority, 16'384U);
}

const std::string groups = "track_group G {\ngroup {\nV\n}\n}\n";

TEST(StaticThings, LetTheInstancesOfTheirGroupTrackThem) {
    const LoadResult result = load_text(
        groups + "track_group UNUSED {\ngroup {\nV\n}\n}\n" +
        "global_defs {\ndefault_interface eth7\n}\n" +
        "static_ipaddress {\n10.9.0.1/24 brd + track_group G no_track\n10.9.0.2/24 dev eth1\n}\n" +
        "static_routes {\n10.8.0.0/16 via 10.9.0.9 dev eth1 track_group G\n}\n" + instance + "}\n");
    ASSERT_TRUE(result.diagnostics.empty()) << messages(result.diagnostics);
    const Config& config = result.config;
    EXPECT_EQ(config.static_addresses.at(0).device, "eth7");
    EXPECT_EQ(config.static_addresses.at(0).broadcast, ip("10.9.0.255"));
    EXPECT_FALSE(config.static_addresses.at(0).is_tracked);
    EXPECT_EQ(config.static_addresses.at(1).device, "eth1");
    EXPECT_EQ(config.static_routes.at(0).track_group, "G");
    const auto& tracked = config.vrrp_instances.at(0).tracked;
    ASSERT_EQ(tracked.size(), 1U);
    EXPECT_EQ(tracked[0].kind, TrackKind::group);
    EXPECT_EQ(tracked[0].name, "G");
}

TEST(StaticThings, WhatTheyCannotTrackIsTold) {
    const auto say = [](const std::string& text) {
        const LoadResult result = load_text(text + instance + "}\n");
        EXPECT_TRUE(result.ok());
        EXPECT_EQ(result.diagnostics.size(), 1U);
        EXPECT_TRUE(result.config.vrrp_instances.at(0).tracked.empty());
        return messages(result.diagnostics);
    };
    const auto has = [](const std::string& text, const char* part) {
        return text.find(part) != std::string::npos;
    };
    EXPECT_TRUE(has(say("static_ipaddress {\n10.9.0.1/24 track_group X\n}\n"),
                    "there is no track_group 'X'"));
    EXPECT_TRUE(has(say("track_group G {\ngroup {\nNOBODY\n}\n}\nstatic_ipaddress {\n10.9.0.1/24 "
                        "track_group G\n}\n"),
                    "there is no vrrp_instance 'NOBODY'"));
    EXPECT_TRUE(has(say(groups + "static_routes {\n10.8.0.0/16 via 10.9.0.9 track_group G\n}\n"),
                    "no track_group unless it says its dev"));
    EXPECT_TRUE(
        has(say(groups + "static_rules {\nfrom 10.8.0.0/16 table 5 priority 5 track_group G\n}\n"),
            "no track_group unless it says its iif"));
}

TEST(StaticThings, AreBounded) {
    std::string lines;
    for (unsigned i = 0; i <= max_routes_and_rules; ++i)
        lines += "10." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ".0/24 dev e\n";
    const LoadResult result = load_text("static_routes {\n" + lines + "}\n" + instance + "}\n");
    EXPECT_FALSE(result.ok());
    EXPECT_NE(messages(result.diagnostics).find("more than 1024 routes and rules"),
              std::string::npos);
}

}  // namespace policy_test
}  // namespace warren::schema
