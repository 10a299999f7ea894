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

// What the kernel must not see on a port that it shares. `snapshot` is built from `state`.
GuardRules guard_rules(const State& state, const exchange::Snapshot& snapshot, std::uint8_t port);

// Of a server, as the snapshot has it. Servers that the sorry_server replaces keep their flows and
// take no new ones; the sorry_server loses its own when they are back, unless it is inhibited.
exchange::ServerState server_state(const ServerRecord& server);
std::uint32_t server_weight(const ServerRecord& server);
balance::FlowLimit flow_limit(const ServerRecord& server);

// The servers that a service's flows may go to, in the order that schedulers and slot tables know:
// the sorry_server is the last.
std::vector<std::uint16_t> candidates(const ServiceRecord& service);

}  // namespace warren::control
