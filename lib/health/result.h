// SPDX-License-Identifier: BSD-3-Clause
// What one attempt of a checker has found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace warren::health {

enum class Reason : std::uint8_t {
    none,         // the attempt succeeded
    refused,      // RST to our SYN
    timeout,      // no answer in time
    unreachable,  // no route, or ICMP says so
    local,        // our own machine's fault (no descriptor, no permission, address not ours)
    other,        // see `text`
};

const char* to_string(Reason reason);

// The reason an errno stands for. Local ones say nothing about the server.
Reason reason_of(int error);

struct CheckResult {
    Reason reason = Reason::none;
    // Time to the answer, 0 where it says nothing of the server's haste; of a failed attempt, how
    // long we waited for nothing.
    std::int64_t latency_ns = 0;
    std::string text = {};  // for the log: "connection refused"; empty when ok
    // What the server's configured weight is to be changed by; nothing: as it was (misc_dynamic).
    std::optional<std::int64_t> weight_change = {};

    bool ok() const { return reason == Reason::none; }
};

}  // namespace warren::health
