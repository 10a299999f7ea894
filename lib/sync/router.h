// SPDX-License-Identifier: BSD-3-Clause
// Virtual routers as two warrens name them to each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "flow/digest.h"
#include "net/address.h"

namespace warren::sync {

// Both sides must come to the same: the lowest of its addresses (so the family is in it, and the
// order in which they are configured does not count), and the VRID.
struct RouterKey {
    net::IpAddress lowest_vip;
    std::uint8_t vrid = 0;

    friend bool operator==(const RouterKey&, const RouterKey&) = default;
};

inline constexpr std::size_t max_routers = 32;  // in one session: a hello names them all

// Who sends records of a router's flows is its master; all others listen.
enum class Role : std::uint8_t { fault, backup, master };

struct LocalRouter {
    RouterKey key;
    Role role = Role::backup;
    // Order-free sum over what must be configured alike (VIPs, services, servers, local addresses).
    std::uint64_t fingerprint = 0;
};

struct PeerRouter {
    RouterKey key;
    Role role = Role::fault;
    bool in_sync = false;  // the peer, a backup, has found its table equal to our digest
    std::uint64_t fingerprint = 0;

    friend bool operator==(const PeerRouter&, const PeerRouter&) = default;
};

// How far the two tables are known to be alike.
struct RouterStatus {
    bool bulk_sending = false;
    bool bulk_receiving = false;  // or wanted
    bool in_sync = false;         // the last comparison, whoever made it
    std::uint64_t equal_us = 0;   // when it was last equal, 0: never in this session
    std::uint64_t our_flows = 0;  // at the last comparison
    std::uint64_t peer_flows = 0;
    std::uint32_t bulks_ended = 0;  // received and swept in this session
    std::uint64_t refused = 0;      // flows of the peer that we could not take
};

// The flows of one router in all workers.
struct RouterSum {
    RouterKey key;
    flow::FlowSum flows;
};

}  // namespace warren::sync
