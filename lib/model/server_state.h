// SPDX-License-Identifier: BSD-3-Clause
// How check results and flows' handshakes change what the manager thinks of a server. No I/O.
#pragma once

#include <cstdint>
#include <vector>

#include "exchange/records.h"
#include "health/result.h"
#include "model/state.h"

namespace warren::model {

// A check of one that others call up cannot tell, again and again: somebody should know. Of one
// that is down or drains, it may be how the node does it.
bool is_unsure(const ServerRecord& server);

// Takes the result of a server's checker. Returns whether its standing changed, or is known where
// it was only assumed (the first failure with `alpha`): the snapshot is then out of date, and
// server.since_ns and server.reason are new.
bool apply_check(State& state, std::uint16_t server, std::size_t checker,
                 const health::CheckResult& result, std::uint64_t now_ns);

// What a server's checker makes of its weight: `change` is added to the configured one. Returns
// whether its weight is another now.
bool apply_weight(State& state, std::uint16_t server, std::size_t checker, std::int64_t change);

// Servers whose address is this host's own cannot be served yet: they are down, whatever their
// checks say. Follows what the kernel's addresses and routes say now; gives those whose standing
// changed, with new since_ns and reason.
std::vector<std::uint16_t> update_own_hosts(State& state, std::uint64_t now_ns);

void apply_flow_event(State& state, const exchange::FlowEvent& event);

// Those that were held down for coming and going and have waited long enough.
std::vector<std::uint16_t> release_held(State& state, std::uint64_t now_ns);

// With fo the greatest weight is the operator's order of preference and nobody's share.
bool goes_by_health(const ServiceRecord& service);
// Its factor now.
std::uint32_t slow_start(const ServiceRecord& service, const ServerRecord& server,
                         std::uint64_t now_ns);

}  // namespace warren::model
