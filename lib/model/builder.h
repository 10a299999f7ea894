// SPDX-License-Identifier: BSD-3-Clause
// What the manager knows -> the immutable snapshot that workers read. Pure: same state, same
// snapshot.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "exchange/snapshot.h"
#include "model/state.h"

namespace warren::model {

std::unique_ptr<exchange::Snapshot> build_snapshot(const State& state, std::uint64_t generation);

// Whether a server is this host itself, in a way that its kernel can serve.
bool is_local_server(const State& state, const ServerRecord& server);

// Or is led to by the kernel alone: by an interface without Ethernet, NAT or FNAT.
bool is_kernels_server(const State& state, const ServerRecord& server);

// The link source of what is led to such a server by way of lo. Locally administered; nobody on a
// wire ever sees it.
net::MacAddress local_server_mac(std::uint16_t server);

// Where its service has to listen: by a loopback address it is reached at the VIP, since an answer
// from there would not leave the host.
const net::IpAddress& local_address(const State& state, const ServerRecord& server);

// Whether anything can be sent to it: its next hop's MAC is known, or it is this host.
bool has_way(const State& state, const ServerRecord& server);

// Whether a router's addresses on its own interface are the host's too, and whether a VIP is; local
// addresses that are no VIPs never are.
bool is_hosts(const State& state, const RouterState& router);
bool is_hosts(const State& state, const net::IpAddress& vip);

// FNAT: what its servers see as the client. Its local_address_group or its VIP; but where all its
// servers are beyond an interface in whose network the VIP is not, the host's own address there, as
// with a proxy: they need no way back to the VIP. Not with flow_sync: that address does not move.
std::vector<net::IpAddress> local_addresses(const State& state, const ServiceRecord& service);
// Whose first address it is: of a port that the host has too, by its index in the snapshot.
std::optional<std::uint8_t> port_with(const State& state, const net::IpAddress& address);
// Then ports that the host numbers its own connections from are no local ports.
bool is_shared_with_host(const State& state, const net::IpAddress& local);

// Of a server, as the snapshot has it. Servers that the sorry_server replaces keep their flows and
// take no new ones; the sorry_server loses its own when they are back, unless it is inhibited.
exchange::ServerState server_state(const ServerRecord& server);
// Effective; 0 while others stand in front.
std::uint32_t server_weight(const ServerRecord& server);
// Whether those that persistence_timeout has led there may go on doing so though it takes nobody
// else: it is drained or of weight 0, no more.
bool keeps_groups(const ServerRecord& server);
balance::FlowLimit flow_limit(const ServerRecord& server);

// The servers that a service's flows may go to, in the order that schedulers and slot tables know:
// the sorry_server is the last.
std::vector<std::uint16_t> candidates(const ServiceRecord& service);

}  // namespace warren::model
