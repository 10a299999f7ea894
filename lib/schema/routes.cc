// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <iterator>

#include "schema/policy_words.h"
#include "schema/schema.h"

namespace warren::schema {
namespace {

using net::RouteMetric;

struct RouteReading {
    PolicyWords& words;
    config::RouteLine& line;
    net::Route& route;
    bool has_destination = false;
    std::optional<std::uint8_t> protocol{};
};

struct RouteOption {
    std::string_view word;
    void (*take)(RouteReading& r);
};

constexpr std::pair<std::string_view, net::RouteType> route_types[] = {
    {"unicast", net::RouteType::unicast},     {"local", net::RouteType::local},
    {"broadcast", net::RouteType::broadcast}, {"brd", net::RouteType::broadcast},
    {"anycast", net::RouteType::anycast},     {"multicast", net::RouteType::multicast},
    {"blackhole", net::RouteType::blackhole}, {"unreachable", net::RouteType::unreachable},
    {"prohibit", net::RouteType::prohibit},   {"throw", net::RouteType::elsewhere},
};

std::uint8_t narrow(std::uint32_t value) {
    return static_cast<std::uint8_t>(value);
}

// "lock" before a value keeps path MTU discovery and TCP from another one.
void lock(RouteReading& r, RouteMetric metric) {
    if (r.words.skip("lock")) r.route.locked |= 1U << static_cast<unsigned>(metric);
}

template <RouteMetric metric, std::uint32_t most = std::numeric_limits<std::uint32_t>::max()>
void take_metric(RouteReading& r) {
    lock(r, metric);
    r.route.metrics[metric] = r.words.number(most);
}

// "200", in the kernel's units; "200ms", "0.2s". As keepalived: 200 ms to 2 minutes.
template <RouteMetric metric, std::uint32_t units_per_ms>
void take_time(RouteReading& r) {
    lock(r, metric);
    const std::string& word = r.words.next();
    const std::size_t digits = std::min(word.find_first_not_of("0123456789."), word.size());
    const std::string_view unit = std::string_view(word).substr(digits);
    std::optional<std::int64_t> ns = parse_seconds(std::string_view(word).substr(0, digits));
    const bool is_raw = unit.empty();
    const bool is_ms = unit.starts_with("ms");
    if (!ns || (!is_raw && unit != "s" && unit != "ms" && unit != "sec" && unit != "msec"))
        return r.words.refuse(syntax::in_quotes(word) + " is no time");
    const std::int64_t value = is_raw  ? *ns / config::ns_per_s
                               : is_ms ? *ns / config::ns_per_s * units_per_ms
                                       : *ns / config::ns_per_ms * units_per_ms;
    r.route.metrics[metric] = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(value, 200 * units_per_ms, 120'000 * units_per_ms));
}

void take_feature(RouteReading& r) {
    constexpr std::uint32_t ecn = 1;  // RTAX_FEATURE_ECN
    const std::string& word = r.words.next();
    if (word != "ecn") return r.words.refuse("there is no feature " + syntax::in_quotes(word));
    r.route.metrics[RouteMetric::features] |= ecn;
}

void take_congestion_control(RouteReading& r) {
    constexpr std::size_t longest = 15;  // TCP_CA_NAME_MAX - 1
    lock(r, RouteMetric::congestion);
    r.route.congestion_control = r.words.next().substr(0, longest);
}

void take_preference(RouteReading& r) {
    constexpr std::pair<std::string_view, std::uint8_t> names[] = {
        {"medium", 0}, {"high", 1}, {"low", 3}};
    r.words.expect(true);
    for (const auto& [name, value] : names) {
        if (!r.words.skip(name)) continue;
        r.route.router_preference = value;
        return;
    }
    r.route.router_preference = narrow(r.words.number(255));
}

void take_ttl_propagation(RouteReading& r) {
    const std::string& word = r.words.next();
    if (word != "enabled" && word != "disabled")
        return r.words.refuse("'ttl-propagate' is enabled or disabled");
    r.route.ttl_propagate = word == "enabled";
}

// "via A or B": keepalived's old form of two hops.
void take_other_gateway(RouteReading& r) {
    if (!r.route.hops.empty()) return r.words.refuse("'or' comes once");
    r.route.hops.push_back({.gateway = r.route.hop.gateway});
    r.route.hop.gateway.reset();
    r.route.hops.push_back({.gateway = r.words.address()});
}

// Until a word that is none of its own: the next "nexthop", or nonsense.
net::RouteHop take_hop(PolicyWords& words) {
    net::RouteHop hop;
    while (words.ok() && !words.at_end()) {
        if (words.skip("via"))
            hop.gateway = words.address();
        else if (words.skip("dev"))
            hop.interface = words.interface();
        else if (words.skip("onlink"))
            hop.onlink = true;
        else if (words.skip("realms"))
            hop.realms = words.realms();
        else if (words.skip("weight"))
            hop.weight = static_cast<std::uint16_t>(words.number(256));
        else
            break;
    }
    if (hop.weight == 0) words.refuse("'weight' is 1 to 256");
    return hop;
}

void take_hops(RouteReading& r) {
    if (!r.route.hops.empty()) return r.words.refuse("'or' and 'nexthop' do not go together");
    do
        r.route.hops.push_back(take_hop(r.words));
    while (r.words.ok() && r.words.skip("nexthop"));
    if (r.words.ok() && !r.words.at_end())
        r.words.refuse("after the nexthops comes nothing, not " +
                       syntax::in_quotes(r.words.next()));
    if (r.route.hops.size() > config::max_route_hops) r.words.refuse("there are too many nexthops");
}

void take_priority(RouteReading& r) {
    r.route.priority = r.words.number();
}
void take_gateway(RouteReading& r) {
    r.route.hop.gateway = r.words.address();
}
void take_interface(RouteReading& r) {
    r.route.hop.interface = r.words.interface();
}
void take_tos(RouteReading& r) {
    r.route.tos = narrow(r.words.number_or_name(RouteNames::Kind::tos, 255));
}

constexpr RouteOption route_options[] = {
    {"inet", [](RouteReading& r) { r.words.expect(false); }},
    {"inet6", [](RouteReading& r) { r.words.expect(true); }},
    {"src", [](RouteReading& r) { r.route.source = r.words.address(); }},
    {"via", take_gateway},
    {"gw", take_gateway},
    {"or", take_other_gateway},
    {"nexthop", take_hops},
    {"from",
     [](RouteReading& r) {
         r.route.from = r.words.prefix();
         if (!r.words.is_v6()) r.words.refuse("'from' is for IPv6 routes");
     }},
    {"dev", take_interface},
    {"oif", take_interface},
    {"onlink", [](RouteReading& r) { r.route.hop.onlink = true; }},
    {"tos", take_tos},
    {"dsfield", take_tos},
    {"table",
     [](RouteReading& r) { r.route.table = r.words.number_or_name(RouteNames::Kind::table); }},
    {"protocol",
     [](RouteReading& r) {
         r.protocol = narrow(r.words.number_or_name(RouteNames::Kind::protocol, 255));
     }},
    {"scope",
     [](RouteReading& r) {
         r.route.scope = narrow(r.words.number_or_name(RouteNames::Kind::scope, 255));
     }},
    {"metric", take_priority},
    {"priority", take_priority},
    {"preference", take_priority},
    {"expires",
     [](RouteReading& r) {
         r.words.expect(true);
         r.route.expires = r.words.number();
     }},
    {"realms",
     [](RouteReading& r) {
         r.words.expect(false);
         r.route.hop.realms = r.words.realms();
     }},
    {"mtu", take_metric<RouteMetric::mtu>},
    {"hoplimit", take_metric<RouteMetric::hoplimit, 255>},
    {"advmss", take_metric<RouteMetric::advmss>},
    {"rtt", take_time<RouteMetric::rtt, 8>},
    {"rttvar", take_time<RouteMetric::rttvar, 4>},
    {"rto_min", take_time<RouteMetric::rto_min, 1>},
    {"reordering", take_metric<RouteMetric::reordering>},
    {"window", take_metric<RouteMetric::window>},
    {"cwnd", take_metric<RouteMetric::cwnd>},
    {"ssthresh", take_metric<RouteMetric::ssthresh>},
    {"initcwnd", take_metric<RouteMetric::initcwnd>},
    {"initrwnd", take_metric<RouteMetric::initrwnd>},
    {"quickack", take_metric<RouteMetric::quickack, 1>},
    {"fastopen_no_cookie", take_metric<RouteMetric::fastopen_no_cookie, 1>},
    {"features", take_feature},
    {"congctl", take_congestion_control},
    {"pref", take_preference},
    {"ttl-propagate", take_ttl_propagation},
    {"add", [](RouteReading& r) { r.route.place = net::RoutePlace::only; }},
    {"prepend", [](RouteReading& r) { r.route.place = net::RoutePlace::prepend; }},
    {"append", [](RouteReading& r) { r.route.place = net::RoutePlace::append; }},
    {"no_track", [](RouteReading& r) { r.line.is_tracked = false; }},
    {"encap", [](RouteReading& r) { r.words.refuse("'encap' is not served"); }},
    {"as", [](RouteReading& r) { r.words.refuse("'as' is not served"); }},
    {"vrf", [](RouteReading& r) { r.words.refuse("'vrf' is not served: name its table"); }},
};

// "[TYPE|to] PREFIX"
void take_destination(RouteReading& r) {
    for (const auto& [name, type] : route_types)
        if (r.words.skip(name)) {
            r.route.type = type;
            break;
        }
    r.words.skip("to");
    r.route.destination = r.words.prefix();
    r.has_destination = true;
}

void take_word(RouteReading& r, PolicyOf whose) {
    if (whose == PolicyOf::host && r.words.skip("track_group")) {
        r.line.track_group = r.words.next();
        return;
    }
    for (const RouteOption& option : route_options)
        if (r.words.skip(option.word)) return option.take(r);
    take_destination(r);
}

// As keepalived: it knows its tracked routes by their protocol.
void settle(RouteReading& r) {
    r.route.v6 = r.words.is_v6();
    if (r.protocol && !r.line.is_tracked) r.route.protocol = *r.protocol;
    if (r.protocol.value_or(r.route.protocol) != r.route.protocol)
        r.words.warn("the route's protocol is keepalived's unless it has no_track");
    if (!r.line.track_group.empty() && r.route.hop.interface.empty()) {
        r.words.warn("a static route has no track_group unless it says its dev");
        r.line.track_group.clear();
    }
}

}  // namespace

void read_routes(Statement& s, PolicyOf whose, std::vector<config::RouteLine>& out) {
    for (const syntax::Node& child : s.node.children) {
        PolicyWords words(s.context, child, "route");
        config::RouteLine line;
        line.where = child.where;
        RouteReading reading{words, line, line.route};
        while (words.ok() && !words.at_end())
            take_word(reading, whose);
        if (!reading.has_destination) words.refuse("a route needs a destination");
        if (!words.ok()) continue;
        settle(reading);
        out.push_back(std::move(line));
    }
}

}  // namespace warren::schema
