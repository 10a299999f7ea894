// SPDX-License-Identifier: BSD-3-Clause
// The outcome of one attempt of a checker.
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
    unknown,      // the check cannot tell; no evidence about the server; see `text`
    denied,       // it is alive and refuses our login: perhaps our password is wrong
    foreign,      // it answers but is another product or of another cluster
    other,        // see `text`
};

const char* to_string(Reason reason);

// The reason an errno stands for. Local ones say nothing about the server.
Reason reason_of(int error);

// What the server reports of itself; `serving` from checkers that do not ask.
enum class Availability : std::uint8_t {
    serving,
    // It is shutting down (AMQP close 320) or not in service: no new flows, old ones live. Comes
    // with Reason::none, and with Reason::refused as long as the port refuses after a close 320.
    draining,
    // A resource alarm blocks publishers. It is the whole cluster's, so no node is ejected for it.
    blocked,
    // It is in the minority of a partition and its port is open: others are preferred.
    minority,
};

const char* to_string(Availability availability);

struct CheckResult {
    Reason reason = Reason::none;
    // Time to the answer, 0 where that means nothing (a program); of a failed attempt, how long it
    // lasted.
    std::int64_t latency_ns = 0;
    // For the log: "connection refused"; empty when ok and serving.
    std::string text = {};
    // What is to be added to the server's configured weight (misc_dynamic); nothing: as before.
    std::optional<std::int64_t> weight_change = {};

    Availability availability = Availability::serving;
    // Of a failure that counts at once, without `retry` further attempts.
    bool conclusive = false;
    // From a publish to its confirm; only in the result of an attempt that measured it.
    std::optional<std::int64_t> confirm_latency_ns = {};
    // The latest facts about the node; null if this checker does not ask for them.
    std::shared_ptr<const NodeFacts> node = {};

    bool ok() const { return reason == Reason::none; }
};

}  // namespace warren::health
