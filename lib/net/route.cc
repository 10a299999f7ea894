// SPDX-License-Identifier: BSD-3-Clause
#include "net/route.h"

namespace warren::net {
namespace {

const char* name_of(RouteType type) {
    constexpr const char* names[] = {"",          "",           "local ",     "broadcast ",
                                     "anycast ",  "multicast ", "blackhole ", "unreachable ",
                                     "prohibit ", "throw "};
    return names[static_cast<std::size_t>(type)];
}

std::string to_string(const RouteHop& hop) {
    std::string text;
    if (hop.gateway) text += " via " + hop.gateway->to_string();
    if (!hop.interface.empty()) text += " dev " + hop.interface;
    return text;
}

std::string to_string(const Prefix& prefix) {
    return prefix.length == 0 ? "default" : prefix.to_string();
}

std::string action_of(const Rule& rule) {
    switch (rule.action) {
        case RuleAction::table:
            return rule.l3mdev ? " l3mdev" : " table " + std::to_string(rule.table);
        case RuleAction::jump:
            return " goto " + std::to_string(rule.jump_target);
        case RuleAction::nop:
            return " nop";
        case RuleAction::blackhole:
            return " blackhole";
        case RuleAction::unreachable:
            return " unreachable";
        case RuleAction::prohibit:
            break;
    }
    return " prohibit";
}

}  // namespace

std::string to_string(const Route& route) {
    std::string text = name_of(route.type) + to_string(route.destination) + to_string(route.hop);
    for (const RouteHop& hop : route.hops)
        text += " nexthop" + to_string(hop);
    if (route.table != main_table) text += " table " + std::to_string(route.table);
    if (route.priority) text += " metric " + std::to_string(*route.priority);
    return text;
}

std::string to_string(const Rule& rule) {
    std::string text = rule.inverted ? "not from " : "from ";
    text += rule.from ? to_string(*rule.from) : "all";
    if (rule.to) text += " to " + to_string(*rule.to);
    if (!rule.in_interface.empty()) text += " iif " + rule.in_interface;
    if (!rule.out_interface.empty()) text += " oif " + rule.out_interface;
    if (rule.mark) text += " fwmark " + std::to_string(*rule.mark);
    return text + action_of(rule) + " priority " + std::to_string(rule.priority);
}

}  // namespace warren::net
