// SPDX-License-Identifier: BSD-3-Clause
// How a virtual_server treats servers that come, go and come back: words of ours, keepalived has
// none of them.
#pragma once

#include <cstdint>
#include <optional>

namespace warren::config {

// New flows go to nodes of this type while one is up (RabbitMQ until 4.2 has both).
enum class Prefer : std::uint8_t { any, ram, disc };

// By RST, or by the management API, whose close the client hears the reason of.
enum class MoveMethod : std::uint8_t { reset, close };

struct Rebalance {
    unsigned rate = 2;        // connections a second
    unsigned threshold = 10;  // percent that a server may be short of its share
    MoveMethod method = MoveMethod::reset;

    friend bool operator==(const Rebalance&, const Rebalance&) = default;
};

struct Balancing {
    std::int64_t slow_start_ns = 0;     // 0: the whole weight at once
    std::int64_t drain_timeout_ns = 0;  // then the rest of the flows is reset; 0: never
    Prefer prefer = Prefer::any;
    std::optional<Rebalance> rebalance{};  // absent: connections stay where they are

    friend bool operator==(const Balancing&, const Balancing&) = default;
};

const char* to_text(Prefer prefer);

}  // namespace warren::config
