// SPDX-License-Identifier: BSD-3-Clause
// What the kernel is to do for us, from what the manager knows: hide our part of a shared
// interface's traffic, have the masters' addresses, serve the host's own programs, be a member of
// multicast groups. Pure; lib/kernel does it.
#pragma once

#include <cstdint>
#include <vector>

#include "exchange/snapshot.h"
#include "kernel/guard_rules.h"
#include "kernel/kernel_address.h"
#include "kernel/local_service.h"
#include "model/state.h"

namespace warren::model {

// What the kernel must not see on a port that it shares. `snapshot` is built from `state`.
kernel::GuardRules guard_rules(const State& state, const exchange::Snapshot& snapshot,
                               std::uint8_t port);

// The virtual addresses that the host is to have now: those of its masters.
std::vector<kernel::KernelAddress> host_addresses(const State& state);
// All that it may ever have, and where a keepalived with use_vmac would have left them.
std::vector<kernel::KernelAddress> possible_host_addresses(const config::Config& config);

// The virtual_servers on those, for the host's own programs: servers that take new flows now.
std::vector<kernel::LocalService> local_services(const State& state);

// What the port's virtual routers have to hear. `snapshot` is built from `state`.
std::vector<net::IpAddress> multicast_groups(const State& state, const exchange::Snapshot& snapshot,
                                             std::uint8_t port);

// RFC 4291 2.7.1.
net::IpAddress solicited_node_group(const net::IpAddress& address);

}  // namespace warren::model
