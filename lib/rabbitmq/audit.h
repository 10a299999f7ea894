// SPDX-License-Identifier: BSD-3-Clause
// What a cluster would lose if one of its nodes died now, and what keeps Warren from helping: rules
// over the answers of its management API. Pure; answers are a stranger's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace warren::rabbitmq {

// What the rules want to know, and where it is asked.
enum class Subject : std::uint8_t { nodes, queues, exchanges, connections, consumers };
inline constexpr std::size_t subject_count = 5;
const char* path_of(Subject subject);

enum class Rule : std::uint8_t {
    few_nodes,            // no majority without one of them
    transient_queue,      // gone with its node
    transient_exchange,   // gone with the cluster
    transient_messages,   // in a durable queue
    single_replica,       // the queue is on one node only
    unsynchronised,       // a mirror that lacks messages, a member that is away
    promotes_unsynced,    // ha-promote-on-failure always: confirmed messages may be dropped
    leaders_on_one_node,  // a node's death stops all queues at once
    bypasses_vip,         // a client that Warren cannot help
    consumer_without_ack  // what was delivered is gone
};
inline constexpr std::size_t rule_count = 10;
const char* to_string(Rule rule);

struct AuditFinding {
    Rule rule = Rule::few_nodes;
    std::string what;  // "queue orders in /", a node, a client
    std::string why;

    friend bool operator==(const AuditFinding&, const AuditFinding&) = default;
};

// The bodies of the answers, by subject; empty: there was none.
using Answers = std::array<std::string, subject_count>;

struct AuditReport {
    std::vector<AuditFinding> findings;  // at most most_findings of a rule
    std::vector<Subject> unknown;        // whose answer was none, or no list
};
inline constexpr std::size_t most_findings = 100;

// `vips`: the addresses that nodes see clients come from (FNAT: the VIP and the local addresses);
// empty: they see the clients themselves, and nobody can tell who bypasses it.
AuditReport audit(const Answers& answers, const std::vector<std::string>& vips);

}  // namespace warren::rabbitmq
