// SPDX-License-Identifier: BSD-3-Clause
// What this host's kernel is to hide, have, serve and hear follows the model: the guard, the
// masters' addresses, routes and rules, the static ones, multicast groups. Adverts and
// announcements never wait for any of it: the control lcore rings a bell with each transition and
// goes on, so addresses come as soon as this thread is woken. The other order would make every
// takeover as late as that. The constructor throws std::system_error; later refusals are told and
// tried again.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "control/publication.h"
#include "journal/pacer.h"
#include "kernel/guard.h"
#include "kernel/host_addresses.h"
#include "kernel/host_routes.h"
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
    void follow_masters(const exchange::Snapshot& snapshot);
    // And the routes and rules that go with them.
    void follow_addresses(kernel::Lost lost = kernel::Lost::wait);
    void follow_guard();
    void follow_local_clients();
    // As the last of what is due now, and not again and again while it takes long.
    void follow_local_clients_soon() { local_clients_.follow_soon(); }
    void follow_forwarding();  // sysctl settings, of which nobody tells
    // Once in a while: what was asked for has come by now, or never will.
    void expect_all_seen();

    // Of a track_group: whether a static address, route or rule was there and cannot come back.
    vrrp::TrackedState state_of_group(const std::string& group) const;

    // What the port's virtual routers have to hear.
    void join_groups(std::uint8_t port, const exchange::Snapshot& snapshot);
    void join_all_groups(const exchange::Snapshot& snapshot);

    // Its memberships went with the interface.
    void forget_groups(int ifindex) { multicast_.forget(ifindex); }

    // Without what it has through us: a virtual address is nobody's primary one.
    kernel::Link own_part(const kernel::Link& link) const;
    // Whether the kernel's own addresses are others now; State has them.
    bool follow_kernel_addresses();

  private:
    std::vector<net::IpAddress> kernel_addresses() const;
    void set_host_ports();
    void claim_ports();
    void begin_port(std::uint8_t port, const exchange::Snapshot& snapshot);
    enum class Refusal : std::uint8_t { is_told, is_thrown };

    kernel::GuardRules rules_of(const exchange::Snapshot& snapshot, kernel::LocalRules local);
    void guard(kernel::GuardRules rules, Refusal refusal);
    void take(const std::vector<kernel::GuardTrouble>& troubles, Refusal refusal);
    void warn_of_double_owners(const kernel::InterfaceRules& rules);
    kernel::LocalRules local_rules() const;
    // What of it is for now, with so many new targets (model/kernel_rules.h); the rest follows
    // soon.
    kernel::LocalRules next_local_rules(std::size_t most_targets);

    Context context_;
    const kernel::Netlink& netlink_;
    kernel::Guard guard_;              // outlives the addresses that it hides
    kernel::HostAddresses addresses_;  // its promote_secondaries outlives the static ones
    kernel::HostAddresses static_addresses_;
    kernel::HostRoutes routes_;
    kernel::MulticastGroups multicast_;
    std::set<net::IpAddress> doubly_owned_;  // warned about
    journal::Pacer local_clients_;
};

}  // namespace warren::control
