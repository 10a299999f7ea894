// SPDX-License-Identifier: BSD-3-Clause
// What a file that is read again makes of State: first a plan, which may be a refusal, then all of
// it at once. Services are matched by address, port and protocol, servers by address and port
// within their service; who is matched keeps its index, and with it flows, counters and health. No
// I/O.
//
// Workers' flows hold indices. So an index of what was removed becomes another's only after no
// worker has had a live flow of it for index_rest_ns, in which its dead flows have been forgotten
// too; whatever comes back before has its old index.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "model/state.h"

namespace warren::model {

// Dead flows are answered for 60 s (flow/tcp.h), and ageing has its grain.
inline constexpr std::uint64_t index_rest_ns = 70'000'000'000;

struct ReloadPlan {
    struct Server {
        const config::RealServer* config = nullptr;
        std::uint16_t index = 0;
        bool is_sorry = false;
        bool is_new = false;  // begins as at a start
    };
    struct Service {
        const config::VirtualServer* config = nullptr;
        std::uint16_t index = 0;
        bool is_new = false;
        std::vector<Server> servers;  // the sorry_server is the last
    };
    std::string refusal;  // empty: it can be carried out; else the rest means nothing
    std::vector<Service> services;
    // Of those served now.
    std::vector<std::uint16_t> removed_services, removed_servers;
};

// What a plan asks of the workers.
struct LiveFlows {
    std::function<std::uint64_t(std::uint16_t server)> of;  // only asked about servers of State
    unsigned workers = 1;
};

// Points into `wanted`. Refused is what would strand live flows: another rule of which worker owns
// them, another forwarding method, a local address that is no longer ours. Without live flows such
// a service or server is replaced, index and all.
ReloadPlan plan_reload(const State& state, const config::Config& wanted, const LiveFlows& flows);

// Indices of what is another now; those of removed services' servers are not among them.
struct ReloadChanges {
    std::vector<std::uint16_t> added_services, changed_services, removed_services;
    std::vector<std::uint16_t> added_servers, changed_servers, removed_servers;
    std::vector<std::uint16_t> restood;  // servers whose standing is another by their new rules

    bool none() const;
};

// Quorums, next hops and slots are out of date afterwards.
ReloadChanges carry_out(State& state, const config::Config& wanted, const ReloadPlan& plan,
                        std::uint64_t now_ns);

// About once a second, when every worker has the latest snapshot: sets indices free that have
// rested. Returns whether there are any: the snapshot is then out of date.
bool release_indices(State& state, const std::function<ServerTotals(std::uint16_t)>& totals,
                     std::uint64_t now_ns);

}  // namespace warren::model
