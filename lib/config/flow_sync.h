// SPDX-License-Identifier: BSD-3-Clause
// Flow sync: with whom, and how, connections are shared so that they outlive the balancer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/checks.h"
#include "net/address.h"
#include "syntax/diagnostic.h"

namespace warren::config {

inline constexpr std::size_t max_sync_peers = 3;
inline constexpr std::uint16_t default_sync_port = 8850;

struct FlowSync {
    syntax::Location where;
    net::IpAddress local{};             // this machine's; unspecified: not said
    std::vector<net::IpAddress> peers;  // of its family, 1 to max_sync_peers
    std::string interface;              // empty: the routes choose
    std::uint16_t port = default_sync_port;
    std::string key_file;
    std::int64_t defer_ns = 0;     // how long a SYN-ACK may wait for the peer; 0: none waits
    std::uint32_t rate = 250'000;  // records a second that a bulk sends
    // How long without progress preemption is withheld; absent: until the flows are known.
    std::optional<std::int64_t> preempt_wait_ns = 60 * ns_per_s;
    bool multihop = false;  // a router may stand between the peers: any TTL is believed

    friend bool operator==(const FlowSync&, const FlowSync&) = default;
};

}  // namespace warren::config
