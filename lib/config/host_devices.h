// SPDX-License-Identifier: BSD-3-Clause
// What becomes of the `dev` of virtual addresses on this host, by which interfaces it reaches its
// real_servers, and which virtual_servers are of addresses that it has itself. Whoever can look
// tells; nothing here does.
#pragma once

#include <functional>
#include <string>

#include "config/config.h"

namespace warren::config {

enum class HostDevice : std::uint8_t {
    link,     // stations there ask who has an address
    mute,     // nobody asks: lo, a dummy, a tunnel
    missing,  // the address is left out, as in keepalived, unless there are dynamic_interfaces
};

syntax::Diagnostics settle_devices(
    Config& config, const std::function<HostDevice(const std::string& name)>& device_of);

// Instances whose interface is not there (yet): they are in fault until it is with
// dynamic_interfaces, else a start fails until then, and is tried again by the unit. A warning, so
// that `--check` before it does not keep a host from its late interface. And those whose interface
// has no stations, where a router is master of nothing.
syntax::Diagnostics find_useless_interfaces(
    const Config& config, const std::function<HostDevice(const std::string& name)>& device_of);

// `interface_towards`: the name of one that has a link layer, or nothing. Not asked where there are
// cards of our own: their routes come after the start, and who gives cards says what is used.
void settle_server_interfaces(
    Config& config,
    const std::function<std::string(const net::IpAddress& server)>& interface_towards);

// Servers behind an interface without Ethernet (a tun, WireGuard, PPP) that get no clients: the
// kernel alone can lead there. `mute_towards`: such an interface's name, or nothing.
syntax::Diagnostics find_servers_without_way(
    const Config& config,
    const std::function<std::string(const net::IpAddress& server)>& mute_towards,
    const std::function<bool(bool v4)>& kernel_forwards);

// "eth0:1" is an address's label: what `ifconfig` takes for an interface, and glibc too.
std::string interface_of_label(const std::string& label);

// Where the host has an address now.
struct OwnPlace {
    std::string interface;    // with stations that ask for it; empty: the host has not got it
    std::string mute_device;  // where it is, if nobody asks there: lo, a dummy
};

// virtual_servers of an address that is in no vrrp_instance but the host's own are served as IPVS
// serves them, for as long as the host has the address. Gives each such address a virtual router of
// its own that speaks no VRRP, and a note instead of the warning that nobody answers for it. Not
// beside flow_sync, where routers are told to peers, nor for local addresses, which move with their
// VIP, and services that need such. What `running` (null: nobody runs) has given the host as a
// master is not its own.
void serve_own_addresses(Config& config, syntax::Diagnostics& diagnostics,
                         const std::function<OwnPlace(const VirtualServer& service)>& place_of,
                         const Config* running = nullptr);

// Of a virtual_server whose address nobody gives to us.
std::string unowned_text(const net::IpAddress& address);

}  // namespace warren::config
