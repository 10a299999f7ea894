// SPDX-License-Identifier: BSD-3-Clause
// A route and a rule of the routing policy as plain values, as `ip route` and `ip rule` name them.
// Interfaces are names; tables, protocols and scopes are the numbers of rtnetlink(7).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/address.h"

namespace warren::net {

inline constexpr std::uint32_t main_table = 254;
inline constexpr std::uint8_t no_protocol = 0;           // RTPROT_UNSPEC
inline constexpr std::uint8_t keepalived_protocol = 18;  // RTPROT_KEEPALIVED

enum class RouteType : std::uint8_t {
    unicast = 1,
    local,
    broadcast,
    anycast,
    multicast,
    blackhole,
    unreachable,
    prohibit,
    elsewhere,  // "throw"
};

// Of the kernel's RTAX_*, those that are numbers.
enum class RouteMetric : std::uint8_t {
    mtu = 2,
    window,
    rtt,  // 1/8000 s
    rttvar,
    ssthresh,
    cwnd,
    advmss,
    reordering,
    hoplimit,
    initcwnd,
    features,
    rto_min,  // ms
    initrwnd,
    quickack,
    congestion,  // a name, only locked here
    fastopen_no_cookie,
};

// Where a route comes among those that match alike.
enum class RoutePlace : std::uint8_t { prepend, append, only };

struct RouteHop {
    std::optional<IpAddress> gateway{};
    std::string interface {};
    bool onlink = false;
    std::uint16_t weight = 1;  // 1-256
    std::uint32_t realms = 0;

    friend bool operator==(const RouteHop&, const RouteHop&) = default;
};

struct Route {
    bool v6 = false;
    RouteType type = RouteType::unicast;
    RoutePlace place = RoutePlace::prepend;
    Prefix destination{};               // length 0: all
    std::optional<Prefix> from{};       // IPv6
    std::optional<IpAddress> source{};  // what the host sends from
    RouteHop hop{};                     // of a route that has one; its weight means nothing
    std::vector<RouteHop> hops{};       // of a multipath route
    std::uint32_t table = main_table;
    std::uint8_t protocol = keepalived_protocol;
    std::uint8_t scope = 0;
    std::uint8_t tos = 0;
    std::optional<std::uint32_t> priority{};  // "metric"
    std::map<RouteMetric, std::uint32_t> metrics{};
    std::uint32_t locked = 0;  // bit n: RouteMetric n
    std::string congestion_control{};
    std::optional<std::uint32_t> expires{};           // IPv6, seconds
    std::optional<std::uint8_t> router_preference{};  // IPv6, RFC 4191 2.1
    std::optional<bool> ttl_propagate{};

    friend bool operator==(const Route&, const Route&) = default;
};

enum class RuleAction : std::uint8_t { table = 1, jump, nop, blackhole = 6, unreachable, prohibit };

struct Rule {
    using Ports = std::pair<std::uint16_t, std::uint16_t>;

    bool v6 = false;
    RuleAction action = RuleAction::table;
    bool inverted = false;  // "not"
    std::optional<Prefix> from{}, to{};
    std::string in_interface{}, out_interface{};
    std::uint8_t tos = 0;
    std::optional<std::uint32_t> mark{}, mark_mask{};
    std::uint32_t table = 0;
    bool l3mdev = false;            // the table is the VRF's
    std::uint32_t jump_target = 0;  // a priority
    std::uint32_t priority = 0;
    std::uint32_t realms = 0;
    std::optional<std::uint32_t> suppress_prefix_length{}, suppress_group{};
    std::optional<std::uint64_t> tunnel{};
    std::optional<std::pair<std::uint32_t, std::uint32_t>> users{};
    std::uint8_t protocol = keepalived_protocol;  // who made it
    std::optional<std::uint8_t> ip_protocol{};
    std::optional<Ports> source_ports{}, destination_ports{};

    friend bool operator==(const Rule&, const Rule&) = default;
};

// What tells one from others: "10.8.0.0/16 via 10.9.0.9 dev eth1 table 5", "from 10.8.0.0/16 table
// 5 priority 100".
std::string to_string(const Route& route);
std::string to_string(const Rule& rule);

}  // namespace warren::net
