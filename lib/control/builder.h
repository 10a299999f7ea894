// SPDX-License-Identifier: BSD-3-Clause
// What the manager knows -> the immutable snapshot that workers read. Pure: same state, same
// snapshot.
#pragma once

#include <memory>
#include <vector>

#include "control/guard.h"
#include "control/kernel_address.h"
#include "control/local_clients.h"
#include "control/state.h"
#include "exchange/snapshot.h"

namespace warren::control {

std::unique_ptr<exchange::Snapshot> build_snapshot(const State& state, std::uint64_t generation);

// What the kernel must not see on a port that it shares. `snapshot` is built from `state`.
GuardRules guard_rules(const State& state, const exchange::Snapshot& snapshot, std::uint8_t port);

// The virtual addresses that the host is to have now: those of its masters.
std::vector<KernelAddress> host_addresses(const State& state);
// All that it may ever have, and where a keepalived with use_vmac would have left them.
std::vector<KernelAddress> possible_host_addresses(const config::Config& config);

// The virtual_servers on those, for the host's own programs: servers that take new flows now.
std::vector<LocalService> local_services(const State& state);

// Whether a server is this host itself, in a way that its kernel can serve.
bool is_local_server(const State& state, const ServerRecord& server);

// Whether anything can be sent to it: its next hop's MAC is known, or it is this host.
bool has_way(const State& state, const ServerRecord& server);

// Whether a router's addresses are the host's too; local addresses that are no VIPs never are.
bool is_hosts(const State& state, const RouterState& router);

// Of a server, as the snapshot has it. Servers that the sorry_server replaces keep their flows and
// take no new ones; the sorry_server loses its own when they are back, unless it is inhibited.
exchange::ServerState server_state(const ServerRecord& server);
std::uint32_t server_weight(const ServerRecord& server);
balance::FlowLimit flow_limit(const ServerRecord& server);

// The servers that a service's flows may go to, in the order that schedulers and slot tables know:
// the sorry_server is the last.
std::vector<std::uint16_t> candidates(const ServiceRecord& service);

}  // namespace warren::control
