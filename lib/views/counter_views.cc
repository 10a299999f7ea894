// SPDX-License-Identifier: BSD-3-Clause
#include "views/counter_views.h"

#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace warren::views {
namespace {

using exchange::Counter;
using exchange::WorkerCounters;

Json row(const ViewContext& c, const char* group, std::string_view name,
         const std::function<std::uint64_t(exchange::WorkerLink&)>& read) {
    std::uint64_t total = 0;
    Json shares = Json::array();
    for (const auto& worker : c.exchange.workers) {
        shares.push_back(read(*worker));
        total += shares.back().get<std::uint64_t>();
    }
    return {{"group", group}, {"name", name}, {"total", total}, {"workers", shares}};
}

Json total_row(const char* group, const std::string& name, std::uint64_t total) {
    return {{"group", group}, {"name", name}, {"total", total}};
}

void add_control_rows(std::vector<Json>& rows, const election::VrrpCounters& control) {
    for (const auto& [name, counter] : election::vrrp_counters)
        rows.push_back(total_row("control", std::string(name), (control.*counter).value()));
}

// What the control lcore gave to each port, and what that took; and frames that no buffer was large
// enough for, the only receive errors that a shared interface has (packet_socket.h).
void add_port_rows(std::vector<Json>& rows, const ViewContext& c) {
    const std::vector<model::PortState>& ports = c.state.ports;
    for (std::size_t i = 0; i < ports.size() && i < election::max_ports; ++i) {
        const election::VrrpCounters& counters = c.vrrp.counters;
        rows.push_back(
            total_row("control", "frames_tried_" + ports[i].name, counters.tried[i].value()));
        rows.push_back(
            total_row("control", "frames_taken_" + ports[i].name, counters.taken[i].value()));
        if (ports[i].shared && i < c.port_totals.size())
            rows.push_back(
                total_row("port", "too_large_" + ports[i].name, c.port_totals[i].rx_errors));
    }
}

void add_manager_rows(std::vector<Json>& rows, const journal::TurnTimes& turns) {
    rows.push_back(total_row("manager", "turns", turns.count));
    rows.push_back(total_row("manager", "long_turns", turns.count_long));
    rows.push_back(total_row("manager", "longest_turn_us", turns.longest_ns / 1'000));
}

void add_netlink_rows(std::vector<Json>& rows, const kernel::NetlinkStatistics& netlink) {
    for (const auto& [name, counter] : kernel::netlink_counters)
        rows.push_back(total_row("netlink", std::string(name), netlink.*counter));
}

using ByReason = std::array<Counter, exchange::drop_count> WorkerCounters::*;

void add_reason_rows(std::vector<Json>& rows, const ViewContext& c, const char* group,
                     ByReason counters) {
    for (std::size_t i = 0; i < exchange::drop_count; ++i)
        rows.push_back(row(c, group, exchange::drop_names[i], [&](exchange::WorkerLink& w) {
            return (w.counters.*counters)[i].value();
        }));
}

void add_sync_rows(std::vector<Json>& rows, const ViewContext& c) {
    for (const auto& [name, counter] : exchange::sync_counters)
        rows.push_back(total_row("sync", std::string(name),
                                 (c.exchange.sync_reports.counters.*counter).value()));
    for (const auto& named : exchange::sync_link_counters)
        rows.push_back(row(c, "sync", named.name, [&named](exchange::WorkerLink& w) {
            return ((*w.sync).*named.counter).value();
        }));
    for (std::size_t i = 0; i < exchange::sync_refusal_names.size(); ++i)
        rows.push_back(row(c, "sync_refused", exchange::sync_refusal_names[i],
                           [i](exchange::WorkerLink& w) { return w.sync->refused[i].value(); }));
}

std::string key_of(const Json& row) {
    return row["group"].get<std::string>() + ' ' + row["name"].get<std::string>();
}

// Frames that a worker has had to deal with.
std::uint64_t handled(const exchange::WorkerLink& worker) {
    return worker.counters.rx.value() - worker.counters.handoff_out.value() +
           worker.counters.handoff_in.value();
}

}  // namespace

void CounterHistory::sample(const std::vector<Json>& rows, std::uint64_t now_ns) {
    for (const Json& row : rows) {
        Past& past = past_[key_of(row)];
        const auto total = row["total"].get<std::uint64_t>();
        past.rate.sample(total);
        if (total != std::exchange(past.total, total)) past.moved_ns = now_ns;
    }
}

// One that has moved since the last sample has moved just now.
void CounterHistory::add_to(Json& row, std::uint64_t now_ns) const {
    const auto past = past_.find(key_of(row));
    const auto total = row["total"].get<std::uint64_t>();
    const bool is_known = past != past_.end();
    std::uint64_t moved_ns = is_known ? past->second.moved_ns : 0;
    if (total != (is_known ? past->second.total : 0)) moved_ns = now_ns;
    const double rate = is_known ? rounded(past->second.rate.per_second(), 10) : 0.0;
    row["per_s"] = is_gauge(row["name"].get<std::string>()) ? Json() : Json(rate);
    row["moved_ms"] = moved_ns == 0 ? Json() : Json((now_ns - moved_ns) / 1'000'000);
}

bool is_gauge(std::string_view counter) {
    return counter == "longest_oversleep_ns" || counter == "scheduling_errno" ||
           counter == "longest_turn_us";
}

std::vector<Json> counter_rows(const ViewContext& c) {
    std::vector<Json> rows;
    for (const auto& named : exchange::worker_counters)
        rows.push_back(row(c, "worker", named.name, [&named](exchange::WorkerLink& w) {
            return (w.counters.*named.counter).value();
        }));
    add_reason_rows(rows, c, "refusal", &WorkerCounters::refusals);
    add_reason_rows(rows, c, "drop", &WorkerCounters::drops);
    rows.push_back(row(c, "worker", "events_lost",
                       [](exchange::WorkerLink& w) { return w.events_lost.value(); }));
    add_control_rows(rows, c.vrrp.counters);
    add_port_rows(rows, c);
    add_manager_rows(rows, c.turns);
    add_netlink_rows(rows, c.netlink);
    if (c.exchange.workers.front()->sync) add_sync_rows(rows, c);
    if (c.counters != nullptr)
        for (Json& each : rows)
            c.counters->add_to(each, c.now_ns);
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

}  // namespace warren::views
