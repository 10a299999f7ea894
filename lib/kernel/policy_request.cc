// SPDX-License-Identifier: BSD-3-Clause
// Routes and rules as rtnetlink requests.
#include <endian.h>
#include <linux/fib_rules.h>
#include <net/if.h>

#include <string>

#include "kernel/host_routes.h"
#include "kernel/netlink_request.h"

namespace warren::kernel {
namespace {

constexpr std::uint32_t first_wide_table = 256;  // what does not fit in a header's byte

struct NoInterface {};

unsigned index_of(const std::string& interface) {
    const unsigned index = if_nametoindex(interface.c_str());
    if (index == 0) throw NoInterface{};
    return index;
}

std::uint8_t family(bool v6) {
    return v6 ? AF_INET6 : AF_INET;
}

std::uint8_t narrow_table(std::uint32_t table) {
    return static_cast<std::uint8_t>(table < first_wide_table ? table : RT_TABLE_UNSPEC);
}

template <typename Value>
void put_if(Request& request, std::uint16_t type, const std::optional<Value>& value) {
    if (value) request.put(type, *value);
}

void put_prefix(Request& request, std::uint16_t type, const net::Prefix& prefix) {
    if (prefix.length != 0) request.put(type, prefix.address);
}

// Routes ------------------------------------------------------------------------------------------

std::uint8_t flags_of(const net::RouteHop& hop) {
    return hop.onlink ? RTNH_F_ONLINK : 0;
}

rtmsg header_of(const net::Route& route, Change change) {
    rtmsg header{};
    header.rtm_family = family(route.v6);
    header.rtm_dst_len = route.destination.length;
    header.rtm_src_len = route.from ? route.from->length : std::uint8_t{0};
    header.rtm_tos = route.tos;
    header.rtm_table = narrow_table(route.table);
    header.rtm_protocol = route.protocol;
    // The kernel has its own idea of a route's scope: whatever that is, this one is meant.
    const bool is_exact = change == Change::add || route.scope != 0;
    header.rtm_scope = is_exact ? route.scope : std::uint8_t{RT_SCOPE_NOWHERE};
    header.rtm_type = static_cast<std::uint8_t>(route.type);
    header.rtm_flags = flags_of(route.hop);
    return header;
}

void put_hop(Request& request, const net::RouteHop& hop) {
    rtnexthop header{};
    const std::size_t start = request.header().nlmsg_len;
    header.rtnh_hops = static_cast<std::uint8_t>(hop.weight - 1);
    header.rtnh_flags = flags_of(hop);
    if (!hop.interface.empty()) header.rtnh_ifindex = static_cast<int>(index_of(hop.interface));
    request.put(header);
    put_if(request, RTA_GATEWAY, hop.gateway);
    if (hop.realms != 0) request.put(RTA_FLOW, hop.realms);
    // Its length is that of all behind it too.
    auto* placed = reinterpret_cast<rtnexthop*>(reinterpret_cast<char*>(&request.header()) + start);
    placed->rtnh_len = static_cast<std::uint16_t>(request.header().nlmsg_len - start);
}

void put_metrics(Request& request, const net::Route& route) {
    if (route.metrics.empty() && route.congestion_control.empty()) return;
    request.nest(RTA_METRICS, [&] {
        for (const auto& [metric, value] : route.metrics)
            request.put(static_cast<std::uint16_t>(metric), value);
        if (!route.congestion_control.empty()) request.put(RTAX_CC_ALGO, route.congestion_control);
        if (route.locked != 0) request.put(RTAX_LOCK, route.locked);
    });
}

std::uint16_t placing(net::RoutePlace place) {
    return place == net::RoutePlace::only     ? NLM_F_EXCL
           : place == net::RoutePlace::append ? NLM_F_APPEND
                                              : 0;
}

NetlinkMessage request_for(const net::Route& route, Change change) {
    const bool adds = change == Change::add;
    Request request(adds ? RTM_NEWROUTE : RTM_DELROUTE,
                    NLM_F_ACK | (adds ? NLM_F_CREATE | placing(route.place) : 0U));
    request.put(header_of(route, change));
    if (route.table >= first_wide_table) request.put(RTA_TABLE, route.table);
    put_prefix(request, RTA_DST, route.destination);
    if (route.from) put_prefix(request, RTA_SRC, *route.from);
    put_if(request, RTA_PREFSRC, route.source);
    put_if(request, RTA_GATEWAY, route.hop.gateway);
    if (!route.hop.interface.empty()) request.put(RTA_OIF, index_of(route.hop.interface));
    if (route.hop.realms != 0) request.put(RTA_FLOW, route.hop.realms);
    put_if(request, RTA_PRIORITY, route.priority);
    put_if(request, RTA_EXPIRES, route.expires);
    put_if(request, RTA_PREF, route.router_preference);
    if (route.ttl_propagate)
        request.put(RTA_TTL_PROPAGATE, static_cast<std::uint8_t>(*route.ttl_propagate));
    put_metrics(request, route);
    if (!route.hops.empty())
        request.nest(RTA_MULTIPATH, [&] {
            for (const net::RouteHop& hop : route.hops)
                put_hop(request, hop);
        });
    return request.message();
}

// Rules -------------------------------------------------------------------------------------------

void put_ports(Request& request, std::uint16_t type, const std::optional<net::Rule::Ports>& ports) {
    if (ports) request.put_raw(type, fib_rule_port_range{ports->first, ports->second});
}

void put_selectors(Request& request, const net::Rule& rule) {
    if (rule.from) put_prefix(request, FRA_SRC, *rule.from);
    if (rule.to) put_prefix(request, FRA_DST, *rule.to);
    if (!rule.in_interface.empty()) request.put(FRA_IIFNAME, rule.in_interface);
    if (!rule.out_interface.empty()) request.put(FRA_OIFNAME, rule.out_interface);
    put_if(request, FRA_FWMARK, rule.mark);
    put_if(request, FRA_FWMASK, rule.mark_mask);
    if (rule.users)
        request.put_raw(FRA_UID_RANGE, fib_rule_uid_range{rule.users->first, rule.users->second});
    if (rule.tunnel) request.put_raw(FRA_TUN_ID, htobe64(*rule.tunnel));
    put_if(request, FRA_IP_PROTO, rule.ip_protocol);
    put_ports(request, FRA_SPORT_RANGE, rule.source_ports);
    put_ports(request, FRA_DPORT_RANGE, rule.destination_ports);
}

void put_action(Request& request, const net::Rule& rule) {
    if (rule.table >= first_wide_table) request.put(FRA_TABLE, rule.table);
    if (rule.l3mdev) request.put(FRA_L3MDEV, std::uint8_t{1});
    if (rule.action == net::RuleAction::jump) request.put(FRA_GOTO, rule.jump_target);
    if (rule.realms != 0) request.put(FRA_FLOW, rule.realms);
    put_if(request, FRA_SUPPRESS_PREFIXLEN, rule.suppress_prefix_length);
    put_if(request, FRA_SUPPRESS_IFGROUP, rule.suppress_group);
}

NetlinkMessage request_for(const net::Rule& rule, Change change) {
    const bool adds = change == Change::add;
    Request request(adds ? RTM_NEWRULE : RTM_DELRULE,
                    NLM_F_ACK | (adds ? NLM_F_CREATE | NLM_F_EXCL : 0U));
    fib_rule_hdr header{};
    header.family = family(rule.v6);
    header.src_len = rule.from ? rule.from->length : std::uint8_t{0};
    header.dst_len = rule.to ? rule.to->length : std::uint8_t{0};
    header.tos = rule.tos;
    header.table = narrow_table(rule.table);
    header.action = static_cast<std::uint8_t>(rule.action);
    header.flags = rule.inverted ? FIB_RULE_INVERT : 0;
    request.put(header);
    request.put(FRA_PRIORITY, rule.priority);
    request.put(FRA_PROTOCOL, rule.protocol);
    put_selectors(request, rule);
    put_action(request, rule);
    return request.message();
}

}  // namespace

std::optional<NetlinkMessage> policy_request(const PolicyEntry& entry, Change change) {
    try {
        return std::visit([&](const auto& what) { return request_for(what, change); }, entry.what);
    } catch (const NoInterface&) {
        return std::nullopt;
    }
}

}  // namespace warren::kernel
