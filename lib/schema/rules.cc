// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "schema/policy_words.h"
#include "schema/schema.h"

namespace warren::schema {
namespace {

struct RuleReading {
    PolicyWords& words;
    config::RuleLine& line;
    net::Rule& rule;
    bool has_action = false;
    std::optional<std::uint32_t> priority{};
    std::optional<std::uint8_t> protocol{};
};

struct RuleOption {
    std::string_view word;
    void (*take)(RuleReading& r);
};

void act(RuleReading& r, net::RuleAction action) {
    if (r.has_action)
        return r.words.refuse(
            "a rule has one of table, goto, nop, blackhole, unreachable, prohibit, l3mdev");
    r.rule.action = action;
    r.has_action = true;
}

template <net::RuleAction action>
void take_action(RuleReading& r) {
    act(r, action);
}

void take_table(RuleReading& r) {
    r.rule.table = r.words.number_or_name(RouteNames::Kind::table);
    if (r.words.ok() && r.rule.table == 0) r.words.refuse("there is no table 0");
    act(r, net::RuleAction::table);
}

void take_priority(RuleReading& r) {
    r.priority = r.words.number();
}

// "MARK[/MASK]"
void take_mark(RuleReading& r) {
    const std::string& word = r.words.next();
    const std::size_t slash = std::min(word.find('/'), word.size());
    const auto number = [&](std::string_view text) -> std::uint32_t {
        const auto value = parse_any_number(text);
        if (value && *value <= std::numeric_limits<std::uint32_t>::max())
            return static_cast<std::uint32_t>(*value);
        r.words.refuse(syntax::in_quotes(word) + " is no fwmark");
        return 0;
    };
    r.rule.mark = number(std::string_view(word).substr(0, slash));
    if (slash != word.size()) r.rule.mark_mask = number(std::string_view(word).substr(slash + 1));
}

// "FIRST-LAST", or one number.
std::pair<std::uint32_t, std::uint32_t> take_range(PolicyWords& words, std::uint32_t most) {
    const std::string& word = words.next();
    const std::size_t dash = std::min(word.find('-'), word.size());
    const auto first = parse_any_number(std::string_view(word).substr(0, dash));
    const auto last =
        dash == word.size() ? first : parse_any_number(std::string_view(word).substr(dash + 1));
    if (!first || !last || *first > *last || *last > most) {
        words.refuse(syntax::in_quotes(word) + " is no range");
        return {};
    }
    return {static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(*last)};
}

net::Rule::Ports take_ports(RuleReading& r) {
    const auto [first, last] = take_range(r.words, 65'535);
    return {static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)};
}

void take_ip_protocol(RuleReading& r) {
    constexpr std::pair<std::string_view, std::uint8_t> names[] = {
        {"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"gre", 47},       {"esp", 50},   {"ah", 51},
        {"ICMP", 1}, {"TCP", 6}, {"UDP", 17}, {"ipv6-icmp", 58}, {"vrrp", 112}, {"sctp", 132}};
    for (const auto& [name, number] : names) {
        if (!r.words.skip(name)) continue;
        r.rule.ip_protocol = number;
        return;
    }
    r.rule.ip_protocol = static_cast<std::uint8_t>(r.words.number(255));
}

void take_in_interface(RuleReading& r) {
    r.rule.in_interface = r.words.interface();
}
void take_tos(RuleReading& r) {
    r.rule.tos = static_cast<std::uint8_t>(r.words.number_or_name(RouteNames::Kind::tos, 255));
}
void take_suppressed_length(RuleReading& r) {
    r.rule.suppress_prefix_length = r.words.number(std::numeric_limits<std::int32_t>::max());
}
void take_suppressed_group(RuleReading& r) {
    r.rule.suppress_group = r.words.number_or_name(RouteNames::Kind::group);
}

constexpr RuleOption rule_options[] = {
    {"inet", [](RuleReading& r) { r.words.expect(false); }},
    {"inet6", [](RuleReading& r) { r.words.expect(true); }},
    {"from", [](RuleReading& r) { r.rule.from = r.words.prefix(); }},
    {"to", [](RuleReading& r) { r.rule.to = r.words.prefix(); }},
    {"table", take_table},
    {"lookup", take_table},
    {"not", [](RuleReading& r) { r.rule.inverted = true; }},
    {"preference", take_priority},
    {"order", take_priority},
    {"priority", take_priority},
    {"tos", take_tos},
    {"dsfield", take_tos},
    {"fwmark", take_mark},
    {"realms",
     [](RuleReading& r) {
         r.words.expect(false);
         r.rule.realms = r.words.realms();
     }},
    {"suppress_prefixlength", take_suppressed_length},
    {"sup_pl", take_suppressed_length},
    {"suppress_ifgroup", take_suppressed_group},
    {"sup_group", take_suppressed_group},
    {"dev", take_in_interface},
    {"iif", take_in_interface},
    {"oif", [](RuleReading& r) { r.rule.out_interface = r.words.interface(); }},
    {"tunnel-id", [](RuleReading& r) { r.rule.tunnel = r.words.number(); }},
    {"uidrange",
     [](RuleReading& r) {
         r.rule.users = take_range(r.words, std::numeric_limits<std::uint32_t>::max());
     }},
    {"l3mdev",
     [](RuleReading& r) {
         r.rule.l3mdev = true;
         act(r, net::RuleAction::table);
     }},
    {"protocol",
     [](RuleReading& r) { r.protocol = static_cast<std::uint8_t>(r.words.number(255)); }},
    {"ipproto", take_ip_protocol},
    {"ip_proto", take_ip_protocol},
    {"sport", [](RuleReading& r) { r.rule.source_ports = take_ports(r); }},
    {"dport", [](RuleReading& r) { r.rule.destination_ports = take_ports(r); }},
    {"no_track", [](RuleReading& r) { r.line.is_tracked = false; }},
    {"type", [](RuleReading&) {}},
    {"goto",
     [](RuleReading& r) {
         r.rule.jump_target = r.words.number();
         act(r, net::RuleAction::jump);
     }},
    {"nop", take_action<net::RuleAction::nop>},
    {"blackhole", take_action<net::RuleAction::blackhole>},
    {"unreachable", take_action<net::RuleAction::unreachable>},
    {"prohibit", take_action<net::RuleAction::prohibit>},
};

void take_word(RuleReading& r, PolicyOf whose) {
    if (whose == PolicyOf::host && r.words.skip("track_group")) {
        r.line.track_group = r.words.next();
        return;
    }
    for (const RuleOption& option : rule_options)
        if (r.words.skip(option.word)) return option.take(r);
    r.words.refuse(syntax::in_quotes(r.words.next()) + " is unknown here");
}

void check(RuleReading& r) {
    const net::Rule& rule = r.rule;
    const bool is_table = rule.action == net::RuleAction::table;
    if (!r.has_action) r.words.refuse("a rule needs a table or another action");
    if (!is_table && (rule.realms != 0 || rule.suppress_prefix_length || rule.suppress_group))
        r.words.refuse("realms and suppress_* go with a table");
    if (rule.action == net::RuleAction::jump &&
        r.priority.value_or(rule.jump_target) >= rule.jump_target)
        r.words.refuse("'goto' needs a preference below its target");
}

// As keepalived: without a preference rules get one each, from 16,384 downwards.
void settle(RuleReading& r, SchemaContext& context) {
    r.rule.v6 = r.words.is_v6();
    std::uint32_t& free_priority = context.free_rule_priorities[r.rule.v6 ? 1 : 0];
    r.rule.priority = r.priority.value_or(free_priority);
    if (!r.priority)
        r.words.warn("the rule has no preference: it gets " + std::to_string(free_priority--) +
                     ", as in keepalived, which is probably not what is wanted");
    // As in keepalived nobody's, unless it says whose.
    if (!r.line.is_tracked) r.rule.protocol = r.protocol.value_or(net::no_protocol);
    if (r.protocol.value_or(r.rule.protocol) != r.rule.protocol)
        r.words.warn("the rule's protocol is keepalived's unless it has no_track");
    if (!r.line.track_group.empty() && r.rule.in_interface.empty()) {
        r.words.warn("a static rule has no track_group unless it says its iif");
        r.line.track_group.clear();
    }
}

}  // namespace

void read_rules(Statement& s, PolicyOf whose, std::vector<config::RuleLine>& out) {
    for (const syntax::Node& child : s.node.children) {
        PolicyWords words(s.context, child, "rule");
        config::RuleLine line;
        line.where = child.where;
        RuleReading reading{words, line, line.rule};
        while (words.ok() && !words.at_end())
            take_word(reading, whose);
        check(reading);
        if (!words.ok()) continue;
        settle(reading, s.context);
        out.push_back(std::move(line));
    }
}

}  // namespace warren::schema
