// SPDX-License-Identifier: BSD-3-Clause
// What the manager knows -> the immutable snapshot that workers read. Pure: same state, same
// snapshot.
#pragma once

#include <memory>
#include <vector>

#include "control/guard.h"
#include "control/state.h"
#include "exchange/snapshot.h"

namespace warren::control {

std::unique_ptr<exchange::Snapshot> build_snapshot(const State& state, std::uint64_t generation);

// What the kernel must not see on a port that it shares.
GuardRules guard_rules(const State& state, std::uint8_t port);

// The sources of an FNAT service towards its servers. Local addresses that are no VIP move with the
// VIP of the service that uses them.
std::vector<net::IpAddress> local_addresses(const State& state, const ServiceRecord& service);

// Of a server, as the snapshot has it.
exchange::ServerState server_state(const ServerRecord& server);
std::uint32_t server_weight(const ServerRecord& server);

}  // namespace warren::control
