// SPDX-License-Identifier: BSD-3-Clause
// What one attempt of a checker has found.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "rabbitmq/node_facts.h"

namespace warren::health {

using rabbitmq::NodeFacts;

enum class Reason : std::uint8_t {
    none,         // the attempt succeeded
    refused,      // RST to our SYN
    timeout,      // no answer in time
    unreachable,  // no route, or ICMP says so
    local,        // our own machine's fault (no descriptor, no permission, address not ours)
    unknown,      // the check cannot tell, which says nothing about the server; see `text`
    denied,       // it is alive and refuses our login: perhaps our password is wrong
    foreign,      // it answers and is not ours: another product, another cluster
    other,        // see `text`
};

const char* to_string(Reason reason);

// The reason an errno stands for. Local ones say nothing about the server.
Reason reason_of(int error);

// What the server itself says of itself. A checker that cannot know says `serving`.
enum class Availability : std::uint8_t {
    serving,
    // It takes its leave (AMQP close 320, not in service): no new flows, old ones live. Comes with
    // Reason::none, and with Reason::refused as long as the port refuses after such a farewell.
    draining,
    // A resource alarm: publishers wait. It is the whole cluster's, so nothing to eject a node for.
    blocked,
    // It hears less than half of its cluster, and its port is open: others come first.
    minority,
};

const char* to_string(Availability availability);

struct CheckResult {
    Reason reason = Reason::none;
    // Time to the answer, 0 where it says nothing of the server's haste; of a failed attempt, how
    // long we waited for nothing.
    std::int64_t latency_ns = 0;
    // For the log: "connection refused"; empty when ok and serving.
    std::string text = {};
    // What the server's configured weight is to be changed by; nothing: as it was (misc_dynamic).
    std::optional<std::int64_t> weight_change = {};

    Availability availability = Availability::serving;
    // Further attempts would say the same: no `retry` is due. Only of a failure.
    bool conclusive = false;
    // From a publish to its confirm; only in the result of an attempt that measured it.
    std::optional<std::int64_t> confirm_latency_ns = {};
    // What is known of the node by now; null if this checker does not ask.
    std::shared_ptr<const NodeFacts> node = {};

    bool ok() const { return reason == Reason::none; }
};

}  // namespace warren::health
