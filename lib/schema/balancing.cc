// SPDX-License-Identifier: BSD-3-Clause
// What a virtual_server does with servers that come, go and come back.
#include "schema/schema.h"

namespace warren::schema {
namespace {

constexpr std::int64_t longest_slow_start_ns = 3'600 * config::ns_per_s;
constexpr std::int64_t longest_drain_ns = 7 * config::ns_per_day;

constexpr std::pair<std::string_view, config::Prefer> prefer_names[] = {
    {"ram", config::Prefer::ram}, {"disc", config::Prefer::disc}};
constexpr std::pair<std::string_view, config::MoveMethod> method_names[] = {
    {"reset", config::MoveMethod::reset}, {"close", config::MoveMethod::close}};

constexpr Keyword<config::Rebalance> rebalance_keywords[] = {
    {"rate", 1, 1, [](Statement& s, config::Rebalance& r) { s.number(1, 1'000, r.rate); }},
    {"threshold", 1, 1, [](Statement& s, config::Rebalance& r) { s.number(1, 100, r.threshold); }},
    {"method", 1, 1, [](Statement& s, config::Rebalance& r) { s.choice(method_names, r.method); }},
};

void read_rebalance(Statement& s, config::Balancing& b) {
    config::Rebalance& rules = b.rebalance.emplace();
    BlockReader(s.context, "rebalance", s.where())
        .keywords(rebalance_keywords, rules)
        .read(s.node.children);
}

constexpr Keyword<config::Balancing> balancing_keywords[] = {
    {"slow_start", 1, 1,
     [](Statement& s, config::Balancing& b) {
         s.seconds(0, longest_slow_start_ns, b.slow_start_ns);
     }},
    {"drain_timeout", 1, 1,
     [](Statement& s, config::Balancing& b) {
         s.seconds(0, longest_drain_ns, b.drain_timeout_ns);
     }},
    {"prefer", 1, 1, [](Statement& s, config::Balancing& b) { s.choice(prefer_names, b.prefer); }},
    {"rebalance", 0, 0, read_rebalance, BlockUse::required},
};

}  // namespace

void add_balancing_keywords(BlockReader& reader, config::Balancing& balancing) {
    reader.keywords(balancing_keywords, balancing);
}

}  // namespace warren::schema
