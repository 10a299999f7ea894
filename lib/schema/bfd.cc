// SPDX-License-Identifier: BSD-3-Clause
// bfd_instance: a BFD session. Ranges and defaults of keepalived 2.2.7.
#include <algorithm>

#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr std::int64_t ns_per_us = 1'000;
constexpr std::int64_t longest_ms = UINT32_MAX / 1'000;
constexpr std::int64_t sensible_ms = 10'000;
constexpr int most_multiplier = 255;
constexpr int default_multiplier = 5;
constexpr int most_ttl = 255;

// vrrp, checker: with one of them it is not for the other.
struct Draft {
    config::BfdInstance bfd;
    bool says_vrrp = false;
    bool says_checker = false;
};

// Milliseconds, to the microsecond. What is out of range is left out, as in keepalived.
void set_interval(Statement& s, std::int64_t least_ms, std::int64_t& ns) {
    const std::string keyword = syntax::in_quotes(s.node.keyword());
    const std::optional<std::int64_t> thousandfold = parse_seconds(s.arg(0));
    if (!thousandfold)
        return s.refuse(keyword + " must be a number of milliseconds, not " +
                        syntax::in_quotes(s.arg(0)));
    const std::int64_t value_ns = *thousandfold / 1'000 / ns_per_us * ns_per_us;
    if (value_ns < least_ms * config::ns_per_ms || value_ns > longest_ms * config::ns_per_ms)
        return s.warn(keyword + " must be from " + std::to_string(least_ms) + " to " +
                      std::to_string(longest_ms) + " milliseconds, not " +
                      syntax::in_quotes(s.arg(0)) + ": " + std::to_string(ns / config::ns_per_ms) +
                      " is taken, as in keepalived");
    if (value_ns > sensible_ms * config::ns_per_ms)
        s.warn(keyword + " counts milliseconds: " + syntax::in_quotes(s.arg(0)) +
               " is more than ten seconds");
    ns = value_ns;
}

void set_multiplier(Statement& s, Draft& d) {
    s.number_or(1, most_multiplier, default_multiplier, d.bfd.multiplier);
}

void set_ttl(Statement& s, Draft& d) {
    s.number_or_none(1, most_ttl, d.bfd.ttl, 0, {});
}

void set_max_hops(Statement& s, Draft& d) {
    s.number_or(-1, most_ttl, 0, d.bfd.max_hops);
    if (d.bfd.max_hops < 0) d.bfd.max_hops = config::BfdInstance::unlimited_hops;
}

constexpr Keyword<Draft> bfd_keywords[] = {
    {"neighbor_ip", 1, 1, [](Statement& s, Draft& d) { s.address(d.bfd.neighbor_ip); }},
    {"neighbour_ip", 1, 1, [](Statement& s, Draft& d) { s.address(d.bfd.neighbor_ip); }},
    {"source_ip", 1, 1, [](Statement& s, Draft& d) { s.address(d.bfd.source_ip); }},
    {"min_rx", 1, 1, [](Statement& s, Draft& d) { set_interval(s, 1, d.bfd.min_rx_ns); }},
    {"min_tx", 1, 1, [](Statement& s, Draft& d) { set_interval(s, 1, d.bfd.min_tx_ns); }},
    {"idle_tx", 1, 1, [](Statement& s, Draft& d) { set_interval(s, 1'000, d.bfd.idle_tx_ns); }},
    {"multiplier", 1, 1, set_multiplier},
    {"passive", 0, 0, [](Statement&, Draft& d) { d.bfd.passive = true; }},
    {"ttl", 1, 1, set_ttl},
    {"hoplimit", 1, 1, set_ttl},
    {"max_hops", 1, 1, set_max_hops},
    {"weight", 1, 2, [](Statement& s, Draft& d) { read_own_weight(s, 253, d.bfd); }},
    {"vrrp", 0, 0, [](Statement&, Draft& d) { d.says_vrrp = true; }},
    {"checker", 0, 0, [](Statement&, Draft& d) { d.says_checker = true; }},
};

// What cannot be a session is left out, as in keepalived.
bool is_session(Statement& s, const config::BfdInstance& bfd, const config::Config& config) {
    const std::string named = "the bfd_instance " + syntax::in_quotes(bfd.name);
    const auto leave_out = [&](const std::string& why) {
        s.warn(why + ": it is left out, as in keepalived");
        return false;
    };
    if (bfd.neighbor_ip.is_unspecified()) return leave_out(named + " has no neighbor_ip");
    if (bfd.source_ip && bfd.source_ip->is_v4() != bfd.neighbor_ip.is_v4())
        return leave_out("the source_ip and the neighbor_ip of " + named +
                         " are not of one family");
    if (bfd.neighbor_ip.is_link_local())
        s.warn(named +
               " has a link-local neighbor_ip, which needs an interface that no keyword "
               "gives: it never comes up");
    const auto same = std::find_if(config.bfd_instances.begin(), config.bfd_instances.end(),
                                   [&](const config::BfdInstance& other) {
                                       return other.neighbor_ip == bfd.neighbor_ip &&
                                              other.source_ip == bfd.source_ip;
                                   });
    return same == config.bfd_instances.end() ||
           leave_out(named + " has the addresses of " + syntax::in_quotes(same->name) + " (" +
                     same->where.to_string() + ")");
}

}  // namespace

void read_bfd_instance(Statement& s, config::Config& config) {
    Draft draft;
    draft.bfd.where = s.where();
    draft.bfd.name = s.arg(0);
    BlockReader(s.context, "bfd_instance", s.where())
        .keywords(bfd_keywords, draft)
        .read(s.node.children);
    draft.bfd.for_vrrp = draft.says_vrrp || !draft.says_checker;
    draft.bfd.for_checkers = draft.says_checker || !draft.says_vrrp;
    if (!s.context.misplaced && !is_session(s, draft.bfd, config)) return;
    config.bfd_instances.push_back(std::move(draft.bfd));
}

}  // namespace warren::schema
