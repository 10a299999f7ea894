// SPDX-License-Identifier: BSD-3-Clause
// That the real kernel has routes and rules as asked for: in a namespace of the test's own, on rt0
// with 10.3.0.1/24 and fd00:3::1/64. And that they go with us, whatever ends us.
#include "kernel/host_routes.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "../health/own_namespace.h"
#include "ip.h"

namespace warren::kernel {
namespace {

using testing_support::ip;
using testing_support::run;

net::Prefix prefix(const char* text) {
    return net::Prefix::parse(text).value();
}

net::Route via(const char* destination, const char* gateway) {
    net::Route route;
    route.destination = prefix(destination);
    route.v6 = !route.destination.address.is_v4();
    route.hop = {.gateway = ip(gateway), .interface = "rt0"};
    return route;
}

net::Rule from(const char* source, std::uint32_t table, std::uint32_t priority) {
    net::Rule rule;
    rule.from = prefix(source);
    rule.v6 = !rule.from->address.is_v4();
    rule.table = table;
    rule.priority = priority;
    return rule;
}

std::string said(const std::string& command) {
    std::string text;
    FILE* stream = popen(command.c_str(), "r");
    char buffer[512];
    while (stream != nullptr && fgets(buffer, sizeof(buffer), stream) != nullptr)
        text += buffer;
    if (stream != nullptr) pclose(stream);
    return text;
}

// All tables, only what is keepalived's.
std::string routes(const char* family = "-4") {
    return said(std::string("ip ") + family + " -N route show table all proto 18");
}
std::string rules(const char* family = "-4") {
    return said(std::string("ip ") + family + " -N -d rule show");
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class HostRoutesTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        ready = testing_support::enter_own_namespace() &&
                run("ip link add rt0 type veth peer name rt1") && run("ip link set lo up") &&
                run("ip link set rt0 up") && run("ip link set rt1 up") &&
                run("ip addr add 10.3.0.1/24 dev rt0") &&
                run("ip addr add fd00:3::1/64 dev rt0 nodad");
    }
    void SetUp() override {
        if (!ready) GTEST_SKIP() << "no network namespaces here";
    }
    void TearDown() override {
        run("ip link set rt0 up");
        for (const char* family : {"-4", "-6"}) {
            run(std::string("ip ") + family + " route flush table all proto 18 2>/dev/null");
            run(std::string("ip ") + family + " rule flush protocol 18 2>/dev/null");
        }
    }

    HostRoutes::Log log() {
        const auto to = [](std::vector<std::string>& texts) {
            return [&texts](const std::string&, const std::string& text) { texts.push_back(text); };
        };
        return {.info = to(said_), .warning = to(warned_)};
    }

    static inline bool ready = false;
    std::vector<std::string> said_, warned_;
};

TEST_F(HostRoutesTest, ComeAndGo) {
    const PolicyEntry route{via("10.8.0.0/16", "10.3.0.9")};
    const PolicyEntry rule{from("10.8.0.0/16", 5, 100)};
    const std::vector<PolicyEntry> both{route, rule};
    {
        HostRoutes host(log(), nullptr);
        host.remove_leftovers(both);
        host.place(both);
        EXPECT_TRUE(has(routes(), "10.8.0.0/16 via 10.3.0.9 dev rt0")) << routes();
        EXPECT_TRUE(has(rules(), "100:\tfrom 10.8.0.0/16 lookup 5 proto 18")) << rules();
        EXPECT_TRUE(host.has_placed(route));
        host.withdraw(std::vector{rule});
        EXPECT_EQ(routes(), "");
        EXPECT_FALSE(host.has_placed(route));
        host.place(both);
        host.place(both);
        EXPECT_TRUE(has(routes(), "10.8.0.0/16"));
    }
    EXPECT_EQ(routes(), "");
    EXPECT_FALSE(has(rules(), "proto 18")) << rules();
    EXPECT_TRUE(warned_.empty()) << warned_.front();
}

// As in keepalived what the kernel never took is nobody's fault.
TEST_F(HostRoutesTest, OnlyWhatWasThereIsLost) {
    const PolicyEntry route{via("10.8.0.0/16", "10.3.0.9")};
    const PolicyEntry refused{via("10.9.0.0/16", "172.31.0.1")};
    const std::vector<PolicyEntry> both{route, refused};
    HostRoutes host(log(), nullptr);
    host.place(both);
    EXPECT_FALSE(host.has_placed(refused));
    host.restore();
    EXPECT_FALSE(host.has_lost(refused) || host.has_lost(route));
    run("ip link set rt0 down");
    host.restore();
    EXPECT_TRUE(host.has_lost(route));
    host.place(both);
    EXPECT_TRUE(host.has_lost(route)) << "its link is down";
    run("ip link set rt0 up");
    host.place(both);
    EXPECT_FALSE(host.has_lost(route));
    run("ip link set rt0 down");
    host.restore();
    host.withdraw({});
    EXPECT_FALSE(host.has_lost(route)) << "nobody wants it any more";
    run("ip addr add fd00:3::1/64 dev rt0 nodad");  // which went with the link
}

TEST_F(HostRoutesTest, WithAllThatARouteCanHave) {
    net::Route rich = via("10.9.0.0/16", "10.3.0.9");
    rich.source = ip("10.3.0.1");
    rich.table = 6909;
    rich.priority = 12;
    rich.metrics = {{net::RouteMetric::mtu, 1000}, {net::RouteMetric::advmss, 900}};
    rich.locked = 1U << static_cast<unsigned>(net::RouteMetric::mtu);
    rich.congestion_control = "reno";
    net::Route onlink = via("10.10.0.0/16", "10.77.0.1");
    onlink.hop.onlink = true;
    net::Route blackhole;
    blackhole.type = net::RouteType::blackhole;
    blackhole.destination = prefix("10.11.0.0/16");
    net::Route multipath;
    multipath.destination = prefix("10.12.0.0/16");
    multipath.hops = {{.gateway = ip("10.3.0.9"), .weight = 1},
                      {.gateway = ip("10.3.0.10"), .interface = "rt0", .weight = 2}};
    net::Route everything;
    everything.table = 100;
    everything.hop.gateway = ip("10.3.0.9");
    const std::vector<PolicyEntry> all{{rich}, {onlink}, {blackhole}, {multipath}, {everything}};
    {
        HostRoutes host(log(), nullptr);
        host.remove_leftovers(all);
        host.place(all);
        const std::string text = routes();
        for (const char* part :
             {"10.9.0.0/16 via 10.3.0.9 dev rt0 table 6909 src 10.3.0.1 metric 12 mtu lock 1000 "
              "advmss 900 congctl reno",
              "10.10.0.0/16 via 10.77.0.1 dev rt0 onlink", "6 10.11.0.0/16",
              "nexthop via 10.3.0.9 dev rt0 weight 1", "nexthop via 10.3.0.10 dev rt0 weight 2",
              "default via 10.3.0.9 dev rt0 table 100"})
            EXPECT_TRUE(has(text, part)) << part << " is not in\n" << text;
    }
    EXPECT_EQ(routes(), "");
    EXPECT_TRUE(warned_.empty()) << warned_.front();
}

TEST_F(HostRoutesTest, OfBothFamilies) {
    net::Route six = via("fd00:8::/32", "fd00:3::9");
    six.router_preference = 1;
    net::Rule rule = from("fd00:8::/32", 300, 101);
    const std::vector<PolicyEntry> all{{six}, {rule}};
    {
        HostRoutes host(log(), nullptr);
        host.remove_leftovers(all);
        host.place(all);
        EXPECT_TRUE(has(routes("-6"), "fd00:8::/32 via fd00:3::9 dev rt0")) << routes("-6");
        EXPECT_TRUE(has(routes("-6"), "pref high")) << routes("-6");
        EXPECT_TRUE(has(rules("-6"), "101:\tfrom fd00:8::/32 lookup 300")) << rules("-6");
    }
    EXPECT_EQ(routes("-6"), "");
    EXPECT_FALSE(has(rules("-6"), "proto 18"));
}

TEST_F(HostRoutesTest, WithAllThatARuleCanHave) {
    net::Rule rich = from("10.8.0.0/16", 6908, 39);
    rich.to = prefix("10.9.0.0/26");
    rich.in_interface = "rt0";
    rich.out_interface = "gone0";
    rich.mark = 24;
    rich.mark_mask = 12;
    rich.tos = 0x10;
    rich.inverted = true;
    rich.users = {1000, 2000};
    rich.ip_protocol = 17;
    rich.source_ports = {10, 20};
    rich.destination_ports = {30, 30};
    rich.suppress_prefix_length = 0;
    net::Rule prohibit;
    prohibit.action = net::RuleAction::prohibit;
    prohibit.to = prefix("10.13.0.0/16");
    prohibit.priority = 40;
    net::Rule jump;
    jump.action = net::RuleAction::jump;
    jump.jump_target = 100;
    jump.priority = 41;
    const std::vector<PolicyEntry> all{{rich}, {prohibit}, {jump}};
    {
        HostRoutes host(log(), nullptr);
        host.remove_leftovers(all);
        host.place(all);
        const std::string text = rules();
        for (const char* part :
             {"39:\tnot from 10.8.0.0/16 to 10.9.0.0/26 tos 0x10 fwmark 0x18/0xc iif rt0 oif gone0",
              "uidrange 1000-2000", "sport 10-20 dport 30", "lookup 6908",
              "suppress_prefixlength 0", "40:\tfrom all to 10.13.0.0/16 8 proto 18",
              "41:\tfrom all goto 100"})
            EXPECT_TRUE(has(text, part)) << part << " is not in\n" << text;
    }
    EXPECT_FALSE(has(rules(), "proto 18")) << rules();
    EXPECT_TRUE(warned_.empty()) << warned_.front();
}

TEST_F(HostRoutesTest, WhatAnEarlierLifeLeftGoesAndIsTold) {
    const std::vector<PolicyEntry> ours{{via("10.8.0.0/16", "10.3.0.9")}};
    ASSERT_TRUE(run("ip route add 10.8.0.0/16 via 10.3.0.9 dev rt0 proto 18"));
    ASSERT_TRUE(run("ip route add 10.8.0.0/16 via 10.3.0.9 dev rt0 metric 7"));
    HostRoutes host(log(), nullptr);
    host.remove_leftovers(ours);
    EXPECT_EQ(routes(), "");
    EXPECT_TRUE(has(said("ip route"), "metric 7")) << "that is the host's";
    ASSERT_EQ(warned_.size(), 1U);
    EXPECT_TRUE(has(warned_[0], "10.8.0.0/16 via 10.3.0.9 dev rt0 was left")) << warned_[0];
    run("ip route del 10.8.0.0/16 metric 7");
}

TEST_F(HostRoutesTest, WhatIsTakenAwayComesBackUnlessItIsNotTracked) {
    const PolicyEntry tracked{via("10.8.0.0/16", "10.3.0.9")};
    const PolicyEntry other{via("10.9.0.0/16", "10.3.0.9"), false};
    const PolicyEntry rule{from("10.8.0.0/16", 5, 100)};
    const std::vector<PolicyEntry> all{tracked, other, rule};
    HostRoutes host(log(), nullptr);
    host.place(all);
    host.restore();
    EXPECT_TRUE(said_.empty()) << "nothing is missing";
    run("ip route del 10.8.0.0/16");
    run("ip route del 10.9.0.0/16");
    run("ip rule del priority 100");
    host.place(all);
    host.restore();
    EXPECT_TRUE(has(routes(), "10.8.0.0/16"));
    EXPECT_FALSE(has(routes(), "10.9.0.0/16"));
    EXPECT_TRUE(has(rules(), "100:"));
    EXPECT_EQ(said_.size(), 2U);
}

TEST_F(HostRoutesTest, ALinkThatWasDownGetsItsRoutesAgain) {
    const std::vector<PolicyEntry> all{{via("10.8.0.0/16", "10.3.0.9")}};
    HostRoutes host(log(), nullptr);
    host.place(all);
    run("ip link set rt0 down");
    host.restore();
    EXPECT_FALSE(host.has_placed(all[0]));
    host.place(all);
    EXPECT_EQ(warned_.size(), 1U) << "told once";
    host.place(all);
    EXPECT_EQ(warned_.size(), 1U) << "told once";
    run("ip link set rt0 up");
    host.restore();
    host.place(all);
    EXPECT_TRUE(host.has_placed(all[0]));
    EXPECT_TRUE(has(routes(), "10.8.0.0/16"));
}

TEST_F(HostRoutesTest, ARefusalIsToldOnce) {
    net::Route unknown = via("10.8.0.0/16", "10.3.0.9");
    unknown.hop.interface = "gone0";
    const std::vector<PolicyEntry> all{{unknown}, {via("10.9.0.0/16", "10.99.0.9")}};
    HostRoutes host(log(), nullptr);
    host.place(all);
    host.place(all);
    ASSERT_EQ(warned_.size(), 2U);
    EXPECT_TRUE(has(warned_[0], "No such device")) << warned_[0];
    EXPECT_TRUE(has(warned_[1], "10.9.0.0/16 via 10.99.0.9 dev rt0")) << warned_[1];
}

TEST_F(HostRoutesTest, ADeadOnesAreRemoved) {
    const std::vector<PolicyEntry> all{{via("10.8.0.0/16", "10.3.0.9")},
                                       {from("10.8.0.0/16", 5, 100)}};
    char name[] = "a test";
    char* words[] = {name};
    const pid_t child = fork();
    if (child == 0) {
        Cleaner cleaner(words);
        HostRoutes host(log(), &cleaner);
        host.place(all);
        const bool there = has(routes(), "10.8.0.0/16") && has(rules(), "100:");
        kill(getpid(), there ? SIGKILL : SIGTERM);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_EQ(WTERMSIG(status), SIGKILL) << "it had them";
    for (int i = 0; i < 200 && (routes() != "" || has(rules(), "proto 18")); ++i)
        usleep(10'000);
    EXPECT_EQ(routes(), "");
    EXPECT_FALSE(has(rules(), "proto 18")) << rules();
}

}  // namespace
}  // namespace warren::kernel
