// SPDX-License-Identifier: BSD-3-Clause
// The kernel's links and their addresses, built from link and address messages. Pure bookkeeping:
// no socket. Bounded: links and addresses beyond the limits are left out and counted.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/address.h"

namespace warren::kernel {

struct LinkAddress {
    net::Prefix prefix;
    bool secondary = false;   // IPv4: of a subnet that has an older address already
    bool link_scope = false;  // IPv6 link-local (or an IPv4 address of that scope)
    bool usable = true;       // IPv6: false while duplicate address detection runs or has failed

    friend bool operator==(const LinkAddress&, const LinkAddress&) = default;
};

struct Link {
    int index = 0;
    std::string name;
    net::MacAddress mac;
    std::uint32_t mtu = 0;
    bool present = true;
    bool up = false;       // set up by the operator (IFF_UP)
    bool running = false;  // up, with a carrier, and operational: frames can pass
    bool loopback = false;
    // How often the carrier went away: tells a short loss whose end has come in the same moment.
    std::uint32_t carrier_losses = 0;
    std::vector<LinkAddress> addresses;  // in the kernel's order

    // The primary address: VRRP's source, and what answers for us.
    std::optional<net::Prefix> ipv4() const;
    std::optional<net::IpAddress> ipv6_link_local() const;

    friend bool operator==(const Link&, const Link&) = default;
};

struct LinkMessage {
    bool removed = false;
    Link link;  // without addresses
};

struct AddressMessage {
    bool removed = false;
    int ifindex = 0;
    LinkAddress address;
};

class LinkTable {
  public:
    static constexpr std::size_t max_links = 4096;
    static constexpr std::size_t max_addresses_per_link = 8'448;  // the host's and all of ours

    // Both return false if the table is full and the message was left out.
    bool apply(const LinkMessage& message);
    bool apply(const AddressMessage& message);

    const Link* find(int ifindex) const;
    const Link* find(std::string_view name) const;
    std::vector<Link> all() const;

    // What changed since the last call; a removed link appears once, with present == false, and so
    // does the old name of one that was renamed.
    std::vector<Link> take_changes();
    // Starts anew from `fresh` (everything read again): differences become changes.
    void replace(LinkTable fresh);

  private:
    void note_gone(Link link);

    std::map<int, Link> links_;
    std::map<int, Link> removed_;
    std::set<int> changed_;
};

}  // namespace warren::kernel
