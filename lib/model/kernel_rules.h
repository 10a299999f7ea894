// SPDX-License-Identifier: BSD-3-Clause
// What the kernel is to do for us, from what the manager knows: hide our part of a shared
// interface's traffic, have the masters' addresses, routes and rules, serve the host's own
// programs, be a member of multicast groups. Pure; lib/kernel does it.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "exchange/snapshot.h"
#include "kernel/guard_rules.h"
#include "kernel/kernel_address.h"
#include "kernel/policy_entry.h"
#include "model/state.h"

namespace warren::model {

// What the kernel must not see on a port that it shares. `snapshot` is built from `state`.
kernel::InterfaceRules interface_rules(const State& state, const exchange::Snapshot& snapshot,
                                       std::uint8_t port);
// Of all that are shared, and what their addresses keep silent; `local` is left empty: it
// depends on more than the state.
kernel::GuardRules guard_rules(const State& state, const exchange::Snapshot& snapshot);

// The virtual addresses that the host is to have now: those of its masters.
std::vector<kernel::KernelAddress> host_addresses(const State& state);
// All that it may ever have, and where a keepalived with use_vmac would have left them.
std::vector<kernel::KernelAddress> possible_host_addresses(const config::Config& config);

// Interfaces on which the host keeps the other addresses of a network when one of ours goes.
std::set<std::string> promoting_interfaces(const config::Config& config);

// The host's own, whoever is master.
std::vector<kernel::KernelAddress> static_addresses(const config::Config& config);

// The routes and rules that the host is to have now, in the order of their coming: the static ones,
// then its masters'. And all that it may ever have.
std::vector<kernel::PolicyEntry> host_policy(const State& state);
std::vector<kernel::PolicyEntry> possible_host_policy(const config::Config& config);

// What the instances of a track_group need.
struct StaticThings {
    std::vector<kernel::KernelAddress> addresses;
    std::vector<kernel::PolicyEntry> policy;
};
StaticThings things_of_group(const config::Config& config, const std::string& group);

// The virtual_servers on those, for the host's own programs: servers that take new flows now. A
// backup's too, not active.
std::vector<kernel::LocalService> local_services(const State& state);

// The kernel takes its time for each target that is told anew. Leaves of the changes from `now`
// whole services until `most_targets` are told, the rest stays as it is `now`; returns whether
// there is any. What comes or goes with its VIP does not wait.
bool leave_for_later(std::vector<kernel::LocalService>& wanted,
                     const std::vector<kernel::LocalService>& now, std::size_t most_targets);

// From which addresses both the kernel and FNAT speak now, and to which servers.
kernel::SharedSources shared_sources(const State& state);

// What the port's virtual routers have to hear. `snapshot` is built from `state`.
std::vector<net::IpAddress> multicast_groups(const State& state, const exchange::Snapshot& snapshot,
                                             std::uint8_t port);

// RFC 4291 2.7.1.
net::IpAddress solicited_node_group(const net::IpAddress& address);

}  // namespace warren::model
