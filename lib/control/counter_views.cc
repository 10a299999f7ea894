// SPDX-License-Identifier: BSD-3-Clause
#include "control/counter_views.h"

#include <array>
#include <cmath>
#include <functional>

namespace warren::control {
namespace {

using exchange::Counter;
using exchange::WorkerCounters;

struct Named {
    const char* name;
    Counter WorkerCounters::*counter;
};

constexpr std::array worker_counters{
    Named{"rx", &WorkerCounters::rx},
    Named{"rx_bytes", &WorkerCounters::rx_bytes},
    Named{"tx", &WorkerCounters::tx},
    Named{"tx_bytes", &WorkerCounters::tx_bytes},
    Named{"kernel", &WorkerCounters::kernel},
    Named{"punt", &WorkerCounters::punt},
    Named{"control_tx", &WorkerCounters::control_tx},
    Named{"handoff_in", &WorkerCounters::handoff_in},
    Named{"handoff_out", &WorkerCounters::handoff_out},
    Named{"generated", &WorkerCounters::generated},
    Named{"arp_replies", &WorkerCounters::arp_replies},
    Named{"neighbour_replies", &WorkerCounters::neighbour_replies},
    Named{"echo_replies", &WorkerCounters::echo_replies},
    Named{"resets_sent", &WorkerCounters::resets_sent},
    Named{"icmp_errors_sent", &WorkerCounters::icmp_errors_sent},
    Named{"icmp_errors_relayed", &WorkerCounters::icmp_errors_relayed},
    Named{"flows_admitted", &WorkerCounters::flows_admitted},
    Named{"flows_ended", &WorkerCounters::flows_ended},
    Named{"flows_reset", &WorkerCounters::flows_reset},
    Named{"persistence_full", &WorkerCounters::persistence_full},
    Named{"probes_sent", &WorkerCounters::probes_sent},
    Named{"syns_replayed", &WorkerCounters::syns_replayed},
    Named{"syns_after_clear", &WorkerCounters::syns_after_clear},
    Named{"rss_agreed", &WorkerCounters::rss_agreed},
    Named{"rss_disagreed", &WorkerCounters::rss_disagreed},
};

Json row(const ViewContext& c, const std::string& group, const std::string& name,
         const std::function<std::uint64_t(exchange::WorkerLink&)>& read) {
    std::uint64_t total = 0;
    Json shares = Json::array();
    for (const auto& worker : c.exchange.workers) {
        shares.push_back(read(*worker));
        total += shares.back().get<std::uint64_t>();
    }
    return {{"group", group}, {"name", name}, {"total", total}, {"workers", shares}};
}

Json control_row(const char* name, const Counter& counter) {
    return {{"group", "control"}, {"name", name}, {"total", counter.value()}};
}

void add_control_rows(std::vector<Json>& rows, const VrrpCounters& control) {
    rows.push_back(control_row("vrrp_frames", control.frames));
    rows.push_back(control_row("vrrp_malformed", control.malformed));
    rows.push_back(control_row("vrrp_unknown_router", control.unknown_router));
    rows.push_back(control_row("gratuitous_arps", control.gratuitous_arps));
    rows.push_back(control_row("advertisements", control.advertisements));
    rows.push_back(control_row("transmit_failures", control.transmit_failures));
    rows.push_back(control_row("reports_lost", control.reports_lost));
    rows.push_back(control_row("rounds", control.rounds));
    rows.push_back(control_row("late_wakes", control.late_wakes));
    rows.push_back(control_row("longest_oversleep_ns", control.longest_oversleep_ns));
}

// Frames that a worker has had to deal with.
std::uint64_t handled(const exchange::WorkerLink& worker) {
    return worker.counters.rx.value() - worker.counters.handoff_out.value() +
           worker.counters.handoff_in.value();
}

double rounded(double value, double steps) {
    return std::round(value * steps) / steps;
}

}  // namespace

std::vector<Json> counter_rows(const ViewContext& c) {
    std::vector<Json> rows;
    for (const Named& named : worker_counters)
        rows.push_back(row(c, "worker", named.name, [&](exchange::WorkerLink& w) {
            return (w.counters.*named.counter).value();
        }));
    for (std::size_t i = 0; i < exchange::drop_count; ++i)
        rows.push_back(row(c, "drop", std::string(exchange::drop_names[i]),
                           [&](exchange::WorkerLink& w) { return w.counters.drops[i].value(); }));
    rows.push_back(row(c, "worker", "events_lost",
                       [](exchange::WorkerLink& w) { return w.events_lost.value(); }));
    add_control_rows(rows, c.vrrp.counters);
    return rows;
}

std::vector<Json> worker_rows(const ViewContext& c) {
    std::vector<Json> rows;
    double mean = 0;
    for (const auto& worker : c.exchange.workers)
        mean +=
            static_cast<double>(handled(*worker)) / static_cast<double>(c.exchange.workers.size());
    for (std::size_t i = 0; i < c.exchange.workers.size(); ++i) {
        exchange::WorkerLink& worker = *c.exchange.workers[i];
        std::uint64_t flows = 0;
        for (std::size_t s = 0; s < c.state.servers.size(); ++s)
            flows += worker.servers[s].active.value();
        const WorkerCounters& counters = worker.counters;
        rows.push_back(
            {{"worker", i},
             {"busy", i < c.busy.size() ? rounded(c.busy[i], 1000) : 0.0},
             {"polls", counters.polls.value()},
             {"idle_sleeps", counters.idle_sleeps.value()},
             {"flows", flows},
             {"flow_capacity", c.state.config.dataplane.flows},
             {"rx", counters.rx.value()},
             {"tx", counters.tx.value()},
             {"handoff_in", counters.handoff_in.value()},
             {"handoff_out", counters.handoff_out.value()},
             {"load_of_mean",
              mean > 0 ? rounded(static_cast<double>(handled(worker)) / mean, 100) : 1.0}});
    }
    return rows;
}

}  // namespace warren::control
