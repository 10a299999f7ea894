// SPDX-License-Identifier: BSD-3-Clause
// What `warrenctl show` shows: rows of JSON made of the manager's state and everybody's counters.
// Names end in their unit; times ago are relative to now, so that a reader needs no clock of ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/pages.h"
#include "control/state.h"
#include "control/vrrp_link.h"
#include "exchange/worker_link.h"

namespace warren::control {

// What was settled at start.
struct ProcessFacts {
    std::string instance;
    std::string version;
    std::string config_file;
    std::uint64_t started_ns = 0;
    bool hugepages = false;
};

struct ViewContext {
    const State& state;
    exchange::Exchange& exchange;
    const VrrpLink& vrrp;
    const Netlink::Statistics& netlink;
    const ProcessFacts& process;
    const std::vector<double>& busy;  // share of the last second, by worker
    std::uint64_t now_ns = 0;
};

using ViewFunction = std::vector<Json> (*)(const ViewContext&);

struct View {
    const char* name;
    ViewFunction rows;
};

// All views but "flows", which the workers answer (flow_listing.h).
const std::vector<View>& views();

std::uint64_t ms_since(const ViewContext& c, std::uint64_t then_ns);
// Sum over all workers.
std::uint64_t active_flows(const exchange::Exchange& exchange, std::uint16_t server);

}  // namespace warren::control
