// SPDX-License-Identifier: BSD-3-Clause
// What checks have learnt of the node behind a real_server. Absent: not known, which is
// neither good nor bad. Names and versions are the node's own words, at most fact_bytes long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace warren::rabbitmq {

inline constexpr std::size_t fact_bytes = 255;

// How the name of a session of AMQP_CHECK begins in a node's list of connections.
inline constexpr const char* check_session = "warren checks ";

// How many of something there are, and how many there may be.
struct Usage {
    std::uint64_t used = 0;
    std::uint64_t limit = 0;  // 0: not known

    friend bool operator==(const Usage&, const Usage&) = default;
};

enum class NodeType : std::uint8_t { unknown, disc, ram };

struct NodeFacts {
    std::string name = {};  // "rabbit@rabbit1"
    std::string version = {};
    std::string cluster_name = {};
    NodeType type = NodeType::unknown;

    // Of this node; an alarm of any blocks publishers on all.
    std::optional<bool> memory_alarm = {};
    std::optional<bool> disk_alarm = {};
    std::optional<bool> is_in_service = {};       // not in maintenance mode
    std::optional<bool> is_quorum_critical = {};  // without it some quorum queue has no majority
    std::optional<bool> mirrors_in_sync = {};     // those it holds of others' classic queues

    std::optional<Usage> memory = {};  // bytes; the limit is the watermark
    std::optional<Usage> descriptors = {};
    std::optional<Usage> sockets = {};
    std::optional<std::uint64_t> run_queue = {};  // Erlang processes that wait for a scheduler
    std::optional<Usage> members = {};  // of its cluster: how many run, as it sees them, and all

    // The others of a partition have the majority. Half of the nodes are no minority: of two that
    // hear each other no more either may serve, and so must the one that is left.
    bool is_in_minority() const { return members && 2 * members->used < members->limit; }

    friend bool operator==(const NodeFacts&, const NodeFacts&) = default;
};

}  // namespace warren::rabbitmq
