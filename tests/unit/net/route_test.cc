// SPDX-License-Identifier: BSD-3-Clause
#include "net/route.h"

#include <gtest/gtest.h>

namespace warren::net {
namespace {

TEST(Route, IsNamedByWhatTellsItFromOthers) {
    Route route;
    route.hop.gateway = IpAddress::v4(10, 9, 0, 9);
    EXPECT_EQ(to_string(route), "default via 10.9.0.9");
    route.destination = *Prefix::parse("10.8.0.0/16");
    route.hop.interface = "eth1";
    route.table = 5;
    route.priority = 7;
    EXPECT_EQ(to_string(route), "10.8.0.0/16 via 10.9.0.9 dev eth1 table 5 metric 7");
    route = {.type = RouteType::blackhole, .destination = *Prefix::parse("10.8.0.0/16")};
    EXPECT_EQ(to_string(route), "blackhole 10.8.0.0/16");
    route = {.destination = *Prefix::parse("fd00::/16")};
    route.hops = {{.gateway = IpAddress::parse("fd00::1")}, {.interface = "eth1"}};
    EXPECT_EQ(to_string(route), "fd00::/16 nexthop via fd00::1 nexthop dev eth1");
}

TEST(Rule, IsNamedByWhatTellsItFromOthers) {
    Rule rule{.table = 5, .priority = 100};
    EXPECT_EQ(to_string(rule), "from all table 5 priority 100");
    rule.inverted = true;
    rule.from = Prefix::parse("10.8.0.0/16");
    rule.to = Prefix::parse("10.9.0.0/16");
    rule.in_interface = "eth0";
    rule.mark = 24;
    rule.action = RuleAction::prohibit;
    EXPECT_EQ(to_string(rule),
              "not from 10.8.0.0/16 to 10.9.0.0/16 iif eth0 fwmark 24 prohibit priority 100");
}

}  // namespace
}  // namespace warren::net
