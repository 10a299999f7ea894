// SPDX-License-Identifier: BSD-3-Clause
// What this host's kernel is to hide, have, serve and hear follows the model: the guards of shared
// interfaces, the masters' addresses, routes and rules, the static ones, the host's own programs as
// clients of our virtual_servers,
// multicast groups, ARP. Adverts and announcements never wait for any of it: the control lcore
// rings a bell with each transition and goes on, so addresses come as soon as this thread is woken.
// The other order would make every takeover as late as that. The constructor throws
// std::system_error; later refusals are told and tried again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/publication.h"
#include "kernel/arp_silence.h"
#include "kernel/guard.h"
#include "kernel/host_addresses.h"
#include "kernel/host_routes.h"
#include "kernel/local_clients.h"
#include "kernel/multicast.h"
#include "kernel/netlink.h"
#include "vrrp/tracked_state.h"

namespace warren::control {

class Host {
  public:
    // `cleaner`: host_addresses.h.
    Host(const Context& context, const kernel::Netlink& netlink, const std::string& instance,
         kernel::Cleaner* cleaner);

    // At the start. Throws std::runtime_error if an interface cannot be guarded.
    void start();
    // Of a reload: one more port, which has no virtual router yet. Throws as start() does.
    void take_port(std::uint8_t port, const exchange::Snapshot& snapshot);

    // After anything that may have changed who is master, or what the kernel has.
    void follow_masters();
    // And the routes and rules that go with them.
    void follow_addresses(kernel::Lost lost = kernel::Lost::wait);
    void follow_guards();
    void follow_local_clients();
    void follow_forwarding();  // sysctl settings, of which nobody tells
    // Once in a while: what was asked for has come by now, or never will.
    void expect_all_seen();

    // Whether all static addresses, routes and rules of a track_group are there.
    vrrp::TrackedState state_of_group(const std::string& group) const;

    // What the port's virtual routers have to hear.
    void join_groups(std::uint8_t port, const exchange::Snapshot& snapshot);
    void join_all_groups();

    // Its memberships, its guard's chain went with the interface.
    void forget_groups(int ifindex) { multicast_.forget(ifindex); }
    void forget_guard(std::uint8_t port) { guarded_.erase(port); }
    bool lacks_a_guard() const { return guarded_.size() < guards_.size(); }

    // Without what it has through us: a virtual address is nobody's primary one.
    kernel::Link own_part(const kernel::Link& link) const;
    // Whether the kernel's own addresses are others now; State has them.
    bool follow_kernel_addresses();

  private:
    std::vector<net::IpAddress> kernel_addresses() const;
    void set_host_ports();
    void claim_port(std::uint8_t port);  // with a guard that hides nothing yet
    void begin_port(std::uint8_t port, const exchange::Snapshot& snapshot);
    // A port hides another one's address while we are master of it: from before the kernel has
    // it until the kernel has it no more.
    enum class Hide : std::uint8_t { what_is, what_was_too };

    void apply_guards(Hide hide);
    void try_guard(std::uint8_t port, const exchange::Snapshot& snapshot, Hide hide);
    void apply_guard(std::uint8_t port, const exchange::Snapshot& snapshot, Hide hide);
    void warn_of_double_owners(const kernel::InterfaceRules& rules);
    void silence_kernel();

    Context context_;
    const kernel::Netlink& netlink_;
    kernel::HostAddresses addresses_;  // its promote_secondaries outlives the static ones
    kernel::HostAddresses static_addresses_;
    kernel::HostRoutes routes_;
    kernel::LocalClients local_clients_;
    kernel::Forwarding forwarding_;
    kernel::ArpSilence arp_silence_;
    kernel::MulticastGroups multicast_;
    kernel::Cleaner* cleaner_;
    std::map<std::uint8_t, std::unique_ptr<kernel::Guard>> guards_;  // by port
    std::map<std::uint8_t, kernel::InterfaceRules> guarded_;         // what is in force
    std::set<net::IpAddress> doubly_owned_;                          // warned about
};

}  // namespace warren::control
