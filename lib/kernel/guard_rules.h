// SPDX-License-Identifier: BSD-3-Clause
// What a guard hides from the kernel, and what it lets through.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "net/address.h"

namespace warren::kernel {

struct GuardRules {
    using Endpoint = std::pair<net::IpAddress, std::uint16_t>;

    // All lists: both families, any order.
    std::vector<net::IpAddress> addresses;  // ours alone: all that is sent to them
    std::vector<std::uint8_t> vrids;  // virtual routers whose adverts (VRRP, VRRP in AH) are ours
    // NAT servers: what they send to clients is ours to translate, the kernel must not forward it.
    // Not so what they send to the kernel itself, the answers to our checkers.
    std::vector<Endpoint> nat_servers{};
    std::vector<net::IpAddress>
        kernel_addresses{};                // the kernel's own; only used beside nat_servers
    std::vector<net::IpAddress> silent{};  // whom we answer ARP and solicitations for
    // Addresses that the host has too: services on them, those that are local addresses, FNAT
    // servers, and what the host numbers its own connections from.
    std::vector<Endpoint> services{};
    std::vector<net::IpAddress> local_addresses{};
    std::vector<Endpoint> fnat_servers{};
    std::uint16_t first_host_port = 1, last_host_port = 0;
    // The kernel translates what it sends those servers from there (local_clients.h): what comes
    // back has passed before it is given its old port.
    bool is_translated = false;
    // Not hidden: what a machine of that MAC sends on to a service that this host serves itself.
    std::vector<std::pair<net::MacAddress, Endpoint>> forwarded{};
    // Virtual MACs that are ours now, and the addresses that speak with one. From those the kernel
    // solicits in its own name, which is `link_local`.
    std::vector<net::MacAddress> heard_macs{};
    std::vector<std::pair<net::MacAddress, net::IpAddress>> senders{};
    std::optional<net::IpAddress> link_local{};

    friend bool operator==(const GuardRules&, const GuardRules&) = default;
};

}  // namespace warren::kernel
