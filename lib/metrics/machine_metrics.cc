// SPDX-License-Identifier: BSD-3-Clause
// Workers, flow sync and ports.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "metrics/families.h"

namespace warren::metrics {
namespace {

using exchange::WorkerCounters;

std::vector<std::string> worker_labels(const exchange::Exchange& exchange) {
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < exchange.workers.size(); ++i)
        labels.push_back(label("worker", std::to_string(i)));
    return labels;
}

// Counters that have a family of their own.
constexpr std::array apart{&WorkerCounters::rx,         &WorkerCounters::tx,
                           &WorkerCounters::rx_bytes,   &WorkerCounters::tx_bytes,
                           &WorkerCounters::busy_ns,    &WorkerCounters::resets_sent,
                           &WorkerCounters::handoff_in, &WorkerCounters::handoff_out};

bool stands_apart(exchange::Counter WorkerCounters::*counter) {
    return std::find(apart.begin(), apart.end(), counter) != apart.end();
}

void add_traffic(Exposition& out, const exchange::Exchange& exchange,
                 const std::vector<std::string>& labels) {
    const auto add = [&](exchange::Counter WorkerCounters::*in,
                         exchange::Counter WorkerCounters::*to) {
        for (std::size_t i = 0; i < labels.size(); ++i) {
            const WorkerCounters& counters = exchange.workers[i]->counters;
            out.add(number((counters.*in).value()), labels[i], R"(direction="in")");
            out.add(number((counters.*to).value()), labels[i], R"(direction="out")");
        }
    };
    out.begin("warren_worker_packets_total", Kind::counter, "Frames from and to the ports.");
    add(&WorkerCounters::rx, &WorkerCounters::tx);
    out.begin("warren_worker_bytes_total", Kind::counter, "Bytes from and to the ports.");
    add(&WorkerCounters::rx_bytes, &WorkerCounters::tx_bytes);
    out.begin("warren_worker_handoffs_total", Kind::counter,
              "Frames from and to other workers, whose flows they are of.");
    add(&WorkerCounters::handoff_in, &WorkerCounters::handoff_out);
    out.begin("warren_worker_resets_total", Kind::counter, "RST segments sent, whatever for.");
    for (std::size_t i = 0; i < labels.size(); ++i)
        out.add(number(exchange.workers[i]->counters.resets_sent.value()), labels[i]);
    out.begin("warren_worker_busy_seconds_total", Kind::counter, "Time in which there was work.");
    for (std::size_t i = 0; i < labels.size(); ++i)
        out.add(number(exchange.workers[i]->counters.busy_ns.value()) / 1e9, labels[i]);
}

// All others, under the names of `show counters`: a counter that is added appears.
void add_events(Exposition& out, const exchange::Exchange& exchange,
                const std::vector<std::string>& labels) {
    out.begin("warren_worker_events_total", Kind::counter,
              "What a worker has done and met; see warren-counters(7).");
    for (const auto& named : exchange::worker_counters) {
        if (stands_apart(named.counter)) continue;
        const std::string kind = label("kind", named.name);
        for (std::size_t i = 0; i < labels.size(); ++i)
            out.add(number((exchange.workers[i]->counters.*named.counter).value()), labels[i],
                    kind);
    }
}

using ByReason = std::array<exchange::Counter, exchange::drop_count> WorkerCounters::*;

void add_reasons(Exposition& out, const exchange::Exchange& exchange,
                 const std::vector<std::string>& labels, ByReason counters) {
    for (std::size_t reason = 0; reason < exchange::drop_count; ++reason) {
        const std::string text = label("reason", exchange::drop_names[reason]);
        for (std::size_t i = 0; i < labels.size(); ++i)
            out.add(number((exchange.workers[i]->counters.*counters)[reason].value()), labels[i],
                    text);
    }
}

void add_tables(Exposition& out, const views::ViewContext& view,
                const std::vector<std::string>& labels) {
    out.begin("warren_worker_flows", Kind::gauge, "Connections in the worker's table.");
    for (std::size_t i = 0; i < labels.size(); ++i) {
        std::uint64_t flows = 0;
        for (std::size_t server = 0; server < view.state.servers.size(); ++server)
            flows += view.exchange.workers[i]->servers[server].active.value();
        out.add(number(flows), labels[i]);
    }
    out.begin("warren_worker_half_open_flows", Kind::gauge,
              "Connections whose client has not answered its server yet.");
    for (std::size_t i = 0; i < labels.size(); ++i)
        out.add(number(view.exchange.workers[i]->half_open_flows.value()), labels[i]);
    out.begin("warren_worker_flow_capacity", Kind::gauge, "Connections that its table holds.");
    for (const std::string& worker : labels)
        out.add(view.state.config.dataplane.flows, worker);
}

void add_sync(Exposition& out, const views::ViewContext& view) {
    const exchange::Exchange& exchange = view.exchange;
    if (exchange.workers.empty() || exchange.workers.front()->sync == nullptr) return;
    const auto sum = [&](const auto& of) {
        std::uint64_t total = 0;
        for (const auto& worker : exchange.workers)
            total += of(*worker->sync).value();
        return number(total);
    };
    out.begin("warren_sync_events_total", Kind::counter,
              "Flow sync's counters; see warren-counters(7).");
    for (const auto& [name, counter] : exchange::sync_counters)
        out.add(number((exchange.sync_reports.counters.*counter).value()), label("kind", name));
    for (const auto& named : exchange::sync_link_counters)
        out.add(sum([&](const auto& link) -> auto& { return link.*named.counter; }),
                label("kind", named.name));
    out.begin("warren_sync_refused_total", Kind::counter,
              "The peer's records that were not taken, by reason.");
    for (std::size_t i = 0; i < exchange::sync_refusal_names.size(); ++i)
        out.add(sum([i](const auto& link) -> auto& { return link.refused[i]; }),
                label("reason", exchange::sync_refusal_names[i]));
}

// ---- ports

struct PortRow {
    std::string labels;
    const views::PortTotals* totals;
};

constexpr Column<PortRow> port_columns[] = {
    {"warren_port_receive_packets_total", Kind::counter, "Frames received.", "",
     [](const PortRow& p) { return number(p.totals->rx_packets); }},
    {"warren_port_receive_bytes_total", Kind::counter, "Bytes received.", "",
     [](const PortRow& p) { return number(p.totals->rx_bytes); }},
    {"warren_port_receive_errors_total", Kind::counter, "Frames received with errors.", "",
     [](const PortRow& p) { return number(p.totals->rx_errors); }},
    {"warren_port_receive_missed_total", Kind::counter,
     "Frames that found the receive queues full.", "",
     [](const PortRow& p) { return number(p.totals->rx_missed); }},
    {"warren_port_receive_no_buffer_total", Kind::counter,
     "Frames that could not be received for want of packet buffers.", "",
     [](const PortRow& p) { return number(p.totals->rx_no_mbuf); }},
    {"warren_port_transmit_packets_total", Kind::counter, "Frames sent.", "",
     [](const PortRow& p) { return number(p.totals->tx_packets); }},
    {"warren_port_transmit_bytes_total", Kind::counter, "Bytes sent.", "",
     [](const PortRow& p) { return number(p.totals->tx_bytes); }},
    {"warren_port_transmit_errors_total", Kind::counter, "Frames that could not be sent.", "",
     [](const PortRow& p) { return number(p.totals->tx_errors); }},
};

// Of a pool that runs empty frames are lost.
void add_buffers(Exposition& out, const std::vector<PacketBuffers>& pools) {
    out.begin("warren_mbufs", Kind::gauge, "Packet buffers of a pool, by what they are.");
    for (const PacketBuffers& pool : pools) {
        const std::string labels = label("pool", pool.name);
        out.add(number(pool.free), labels, R"(state="free")");
        out.add(number(pool.used), labels, R"(state="used")");
    }
}

}  // namespace

void add_workers(Exposition& out, const Facts& facts) {
    const exchange::Exchange& exchange = facts.view.exchange;
    const std::vector<std::string> labels = worker_labels(exchange);
    add_traffic(out, exchange, labels);
    add_tables(out, facts.view, labels);
    add_events(out, exchange, labels);
    out.begin("warren_worker_drops_total", Kind::counter, "Frames dropped, by reason.");
    add_reasons(out, exchange, labels, &WorkerCounters::drops);
    out.begin("warren_worker_refused_total", Kind::counter,
              "Segments answered with RST, by reason.");
    add_reasons(out, exchange, labels, &WorkerCounters::refusals);
    add_sync(out, facts.view);
}

void add_ports(Exposition& out, const Facts& facts) {
    const views::ViewContext& view = facts.view;
    out.begin("warren_port_flaps_total", Kind::counter, "How often its link went down.");
    for (const model::PortState& port : view.state.ports)
        out.add(number(port.flaps), label("interface", port.name));
    out.begin("warren_port_up", Kind::gauge, "Whether its link is up.");
    std::vector<PortRow> rows;
    for (std::size_t i = 0; i < view.state.ports.size(); ++i) {
        const model::PortState& port = view.state.ports[i];
        const std::string labels = label("interface", port.name);
        out.add(port.link_up, labels);
        if (i < view.port_totals.size()) rows.push_back({labels, &view.port_totals[i]});
    }
    add_columns(out, port_columns, rows);
    add_buffers(out, facts.buffers);
}

}  // namespace warren::metrics
