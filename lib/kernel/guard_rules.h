// SPDX-License-Identifier: BSD-3-Clause
// What the kernel is kept from and what it does for us, as the guard (guard.h) is told it. Made by
// model/kernel_rules.h; what nftables gets of it: guard_tables.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/address.h"

namespace warren::kernel {

// Of an interface that we share with the kernel. All lists: both families, any order.
struct InterfaceRules {
    using Endpoint = std::pair<net::IpAddress, std::uint16_t>;

    std::string interface {};
    int ifindex = 0;                          // another one: the interface was made anew
    std::vector<net::IpAddress> addresses{};  // ours alone: all that is sent to them
    std::vector<std::uint8_t> vrids{};  // virtual routers whose adverts (VRRP, VRRP in AH) are ours
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
    // The kernel translates what it sends those servers from there (SharedSources): what comes
    // back has passed before it is given its old port.
    bool is_translated = false;
    // Not hidden: what a machine of that MAC sends on to a service that this host serves itself.
    std::vector<std::pair<net::MacAddress, Endpoint>> forwarded{};
    // Virtual MACs that are ours now, and the addresses that speak with one. From those the kernel
    // solicits in its own name, which is `link_local`.
    std::vector<net::MacAddress> heard_macs{};
    std::vector<std::pair<net::MacAddress, net::IpAddress>> senders{};
    std::optional<net::IpAddress> link_local{};

    friend bool operator==(const InterfaceRules&, const InterfaceRules&) = default;
};

// A virtual_server of a VIP that this host has or may have, as its own kernel is to serve it.
struct LocalService {
    struct Target {
        net::IpAddress address;
        std::uint16_t port = 0;
        std::uint32_t weight = 0;

        friend bool operator==(const Target&, const Target&) = default;
    };
    struct Own {                      // a server that is this host, or that it alone leads to
        net::MacAddress link_source;  // of the frames that a worker sends to it on lo
        net::IpAddress address;
        std::uint16_t port = 0;

        friend bool operator==(const Own&, const Own&) = default;
    };
    net::IpAddress vip;
    std::uint16_t port = 0;
    std::vector<Target> targets;  // of the VIP's family, weights above 0; none: refused by the host
    std::vector<Own> own{};
    bool is_active = true;  // else all is made ready, for when this host has the VIP

    friend bool operator==(const LocalService&, const LocalService&) = default;
};

// FNAT speaks to these servers from addresses that the kernel speaks from too, and only what comes
// back to a port of this range is the kernel's.
struct SharedSources {
    std::vector<net::IpAddress> addresses;
    std::vector<std::pair<net::IpAddress, std::uint16_t>> servers{};
    std::uint16_t first_port = 1, last_port = 0;

    bool any() const { return !addresses.empty() && last_port >= first_port; }
    friend bool operator==(const SharedSources&, const SharedSources&) = default;
};

// Of which families the host forwards packets, and whether it does now.
struct Forwarding {
    bool ipv4 = false, ipv6 = false;

    static Forwarding of_host();

    friend bool operator==(const Forwarding&, const Forwarding&) = default;
};

// Who is served, and by which way they come: not by the interfaces that the workers read from,
// whose frames are theirs; and to a MAC of this host's other ones, for what a bridge only passes on
// shows up here as well (br_netfilter). Where the host forwards nothing of a family, who comes by
// those is refused by its kernel as ever: translated, he would wait for an answer.
struct LocalRules {
    std::vector<LocalService> services{};
    std::vector<std::string> ports{};
    std::vector<net::MacAddress> stations{};
    Forwarding forwarding{};
    SharedSources shared{};

    friend bool operator==(const LocalRules&, const LocalRules&) = default;
};

struct GuardRules {
    std::vector<InterfaceRules> interfaces{};
    std::vector<net::IpAddress>
        silent{};  // of those of IPv4 the host says on no interface who has them
    LocalRules local{};

    friend bool operator==(const GuardRules&, const GuardRules&) = default;
};

}  // namespace warren::kernel
