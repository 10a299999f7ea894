// SPDX-License-Identifier: BSD-3-Clause
// What rows are made of: the manager's state and everybody's counters, at one moment.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "election/vrrp_link.h"
#include "exchange/worker_link.h"
#include "handover/sync_picture.h"
#include "journal/turn_times.h"
#include "kernel/netlink_counters.h"
#include "model/state.h"
#include "verdict/verdict.h"
#include "views/pages.h"

namespace warren::views {

// What was settled at start.
struct ProcessFacts {
    std::string instance;
    std::string version;
    std::string dpdk_version;
    std::string config_file;
    std::uint64_t started_ns = 0;
    bool hugepages = false;
};

// What a port's card or socket has counted.
struct PortTotals {
    std::uint64_t rx_packets = 0, rx_bytes = 0, rx_missed = 0, rx_errors = 0, rx_no_mbuf = 0;
    std::uint64_t tx_packets = 0, tx_bytes = 0, tx_errors = 0;
};

struct ViewContext {
    const model::State& state;
    exchange::Exchange& exchange;
    const election::VrrpLink& vrrp;
    const kernel::NetlinkStatistics& netlink;
    const ProcessFacts& process;
    const std::vector<PortTotals>& port_totals;  // by port
    const std::vector<double>& busy;             // share of the last second, by worker
    std::uint64_t now_ns = 0;
    std::int64_t wall_ms = 0;  // the same moment by the calendar
    const handover::SyncPicture* sync = nullptr;
    const class CounterHistory* counters = nullptr;
    std::int64_t config_taken_ms = 0;  // by the calendar: when what runs was read
    bool is_reload_refused = false;    // the last one
    const verdict::Recent* recent = nullptr;
    journal::TurnTimes turns{};  // of the manager

    verdict::Facts facts() const {
        return {state, exchange, busy, sync, now_ns, is_reload_refused, recent};
    }
};

// To the nearest of so many steps a whole.
inline double rounded(double value, double steps) {
    return std::round(value * steps) / steps;
}

// To the microsecond.
inline double ms(std::uint64_t ns) {
    return std::round(static_cast<double>(ns) / 1000) / 1000;
}

inline std::uint64_t ms_since(const ViewContext& c, std::uint64_t then_ns) {
    return c.now_ns > then_ns ? (c.now_ns - then_ns) / 1'000'000 : 0;
}

}  // namespace warren::views
