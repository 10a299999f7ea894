// SPDX-License-Identifier: BSD-3-Clause
// What a file that is read again makes of State: first a plan, which may be a refusal, then all of
// it at once. Services are matched by address, port and protocol, servers by address and port
// within their service; who is matched keeps its index, and with it flows, counters and health.
// Virtual routers are matched by what the LAN knows of them: port, family, version and VRID; their
// names may change. No I/O.
//
// Workers' flows hold indices. So an index of what was removed becomes another's only after no
// worker has had a live flow of it for index_rest_ns, in which its dead flows have been forgotten
// too; whatever comes back before has its old index. A virtual router's is free when the control
// lcore has disowned it and every worker has a snapshot without it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "config/config.h"
#include "model/reload_records.h"
#include "model/state.h"

namespace warren::model {

// Dead flows are answered for 60 s (flow/tcp.h), and ageing has its grain.
inline constexpr std::uint64_t index_rest_ns = 70'000'000'000;

// What a plan asks of the workers.
struct LiveFlows {
    std::function<std::uint64_t(std::uint16_t server)> of;  // only asked about servers of State
    unsigned workers = 1;
};

// Points into `wanted`. Refused is what would strand live flows: another rule of which worker owns
// them, another forwarding method, a local address that is no longer ours. Without live flows such
// a service or server is replaced, index and all. Refused is also an interface that has no port yet
// if it has a device of its own, which is opened at a start only, or if there is no room for it.
ReloadPlan plan_reload(const State& state, const config::Config& wanted, const LiveFlows& flows);

using TotalsOf = std::function<ServerTotals(std::uint16_t server)>;  // of an index in State

// `wanted` is what runs then, and holds what ran before. Quorums, next hops, slots
// and what is tracked are out of date afterwards. Who is new begins with nothing counted, whoever
// had his index; at a start `totals` is empty.
ReloadChanges carry_out(State& state, config::Config& wanted, const ReloadPlan& plan,
                        std::uint64_t now_ns, const TotalsOf& totals = {});

// About once a second, when every worker has the latest snapshot: sets indices free that have
// rested. Returns whether there are any of servers or services: the snapshot is then out of date.
bool release_indices(State& state, const TotalsOf& totals, std::uint64_t now_ns);

}  // namespace warren::model
