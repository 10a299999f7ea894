// SPDX-License-Identifier: BSD-3-Clause
#include "control/views.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "control/builder.h"
#include "control/counter_views.h"
#include "control/port_use.h"
#include "control/service_state.h"
#include "control/vrrp_views.h"

namespace warren::control {
namespace {

using exchange::Counter;
using exchange::ServerCounters;

double rounded(double value, double steps) {
    return std::round(value * steps) / steps;
}

std::uint64_t sum(const exchange::Exchange& e, std::uint16_t server,
                  Counter ServerCounters::*counter) {
    std::uint64_t total = 0;
    for (const auto& worker : e.workers)
        total += (worker->servers[server].*counter).value();
    return total;
}

// ---- status, ports

std::vector<Json> status(const ViewContext& c) {
    const auto up = std::count_if(c.state.servers.begin(), c.state.servers.end(), is_alive);
    const auto real =
        std::count_if(c.state.servers.begin(), c.state.servers.end(),
                      [](const ServerRecord& s) { return is_served(s) && !s.is_sorry; });
    const auto masters = static_cast<std::size_t>(
        std::count_if(c.state.routers.begin(), c.state.routers.end(),
                      [](const RouterState& r) { return r.status.state == vrrp::State::master; }));
    std::uint64_t flows = 0;
    for (std::uint16_t i = 0; i < c.state.servers.size(); ++i)
        flows += active_flows(c.exchange, i);
    return {{{"instance", c.process.instance},
             {"version", c.process.version},
             {"config", c.process.config_file},
             {"uptime_ms", ms_since(c, c.process.started_ns)},
             {"workers", c.exchange.workers.size()},
             {"idle", c.state.config.dataplane.idle == config::Idle::busy ? "busy" : "adaptive"},
             {"hugepages", c.process.hugepages},
             {"routers", c.state.routers.size()},
             {"masters", masters},
             {"service_count", count_served(c.state.services)},
             {"servers", real},
             {"servers_up", up},
             {"flows", flows}}};
}

std::vector<Json> ports(const ViewContext& c) {
    std::vector<Json> rows;
    for (const PortState& port : c.state.ports) {
        Json row{{"name", port.name},
                 {"driver", port.driver},
                 {"mac", port.mac.to_string()},
                 {"link", port.link_up ? "up" : "down"},
                 {"shared", port.shared},
                 {"spread", port.rss_trouble.empty() ? "rss" : "handoff: " + port.rss_trouble},
                 {"address", port.primary ? Json(port.primary->to_string()) : Json()}};
        if (port.device != nullptr) {
            const rte_eth_stats stats = port.device->stats();
            row["rx_packets"] = stats.ipackets;
            row["rx_bytes"] = stats.ibytes;
            row["rx_missed"] = stats.imissed;
            row["rx_errors"] = stats.ierrors;
            row["rx_no_mbuf"] = stats.rx_nombuf;
            row["tx_packets"] = stats.opackets;
            row["tx_bytes"] = stats.obytes;
            row["tx_errors"] = stats.oerrors;
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

// ---- services, servers, neighbours

const char* to_text(exchange::ServerState state) {
    constexpr std::array names{"absent", "up", "down", "disabled", "drain"};
    return names.at(static_cast<std::size_t>(state));
}

// A sorry_server waits for its turn; it is not broken.
const char* state_text(const ServerRecord& server) {
    const bool waits = server.is_sorry && server.replaced && !server.health.is_excluded();
    return waits ? "standby" : to_text(server_state(server));
}

Json server_row(const ViewContext& c, std::uint16_t index) {
    const ServerRecord& s = c.state.servers[index];
    const PortUse ports = port_use(c.state, c.exchange, index);
    return {{"service", name_of(c.state.services[s.service])},
            {"server", name_of(s)},
            {"state", state_text(s)},
            {"sorry", s.is_sorry},
            {"reachable", has_way(c.state, s)},
            {"weight", s.config->weight},
            {"effective_weight",
             rounded(static_cast<double>(server_weight(s)) / balance::factor_one, 1000)},
            {"factor", rounded(static_cast<double>(s.factor) / balance::factor_one, 1000)},
            {"check", !s.check.known ? Json() : Json(s.check.ok ? "ok" : s.check.text)},
            {"check_us", s.check.known ? Json(s.check.latency_ns / 1000) : Json()},
            {"handshake_us", s.handshake_us == 0 ? Json() : Json(std::lround(s.handshake_us))},
            {"active", active_flows(c.exchange, index)},
            {"uthreshold", s.config->uthreshold},
            {"lthreshold", s.config->lthreshold},
            {"overloaded", c.exchange.is_overloaded(index, flow_limit(s))},
            {"connections",
             sum(c.exchange, index, &ServerCounters::connections) - s.before.connections},
            {"refused", s.refused},
            {"unanswered", s.unanswered},
            {"local_ports_used", ports.used},
            {"local_ports_free", ports.total - std::min(ports.used, ports.total)},
            {"to_server_bytes",
             sum(c.exchange, index, &ServerCounters::to_server_bytes) - s.before.to_server_bytes},
            {"to_client_bytes",
             sum(c.exchange, index, &ServerCounters::to_client_bytes) - s.before.to_client_bytes},
            {"since_ms", ms_since(c, s.since_ns)},
            {"reason", s.reason}};
}

std::vector<Json> servers(const ViewContext& c) {
    std::vector<Json> rows;
    for (std::uint16_t i = 0; i < c.state.servers.size(); ++i)
        if (is_served(c.state.servers[i])) rows.push_back(server_row(c, i));
    return rows;
}

Json service_row(const ViewContext& c, const ServiceRecord& service) {
    std::size_t up = 0;
    std::uint64_t active = 0;
    std::uint64_t connections = 0;
    for (const std::uint16_t i : candidates(service)) {
        up += is_alive(c.state.servers[i]) ? 1 : 0;
        active += sum(c.exchange, i, &ServerCounters::active);
        connections += sum(c.exchange, i, &ServerCounters::connections) -
                       c.state.servers[i].before.connections;
    }
    const PortUse ports = port_use(c.state, c.exchange, service);
    const RouterState* router = service.router ? &c.state.routers[*service.router] : nullptr;
    return {{"service", name_of(service)},
            {"protocol", config::to_text(service.config->protocol)},
            {"lb_algo", config::to_text(service.config->lb_algo)},
            {"lb_kind", config::to_text(service.config->lb_kind)},
            {"router", router != nullptr ? Json(router->config->name) : Json()},
            {"state", router != nullptr ? Json(vrrp::name(router->status.state)) : Json()},
            {"servers", service.servers.size()},
            {"servers_up", up},
            {"quorum", service.has_quorum ? "up" : "down"},
            {"sorry_server", service.sorry_server && !service.has_quorum},
            {"active", active},
            {"connections", connections},
            {"local_ports_used", ports.used},
            {"local_ports_free", ports.total - std::min(ports.used, ports.total)},
            {"local_ports_fullest", rounded(ports.fullest_worker, 1000)}};
}

std::vector<Json> services(const ViewContext& c) {
    std::vector<Json> rows;
    for (const ServiceRecord& service : c.state.services)
        if (is_served(service)) rows.push_back(service_row(c, service));
    return rows;
}

Json neighbour_row(const State& state, const ServerRecord& server) {
    if (!server.next_hop)
        return {{"server", server.config->address.to_string()}, {"state", "no route"}};
    const NextHop& hop = *server.next_hop;
    const auto port = std::find_if(state.ports.begin(), state.ports.end(),
                                   [&](const PortState& p) { return p.ifindex == hop.ifindex; });
    const char* text = hop.local                   ? "local"
                       : port == state.ports.end() ? "no port of ours"
                       : hop.failed                ? "failed"
                       : hop.mac                   ? "resolved"
                                                   : "unresolved";
    return {{"server", server.config->address.to_string()},
            {"state", text},
            {"gateway", hop.gateway.to_string()},
            {"interface", port == state.ports.end() ? Json(hop.ifindex) : Json(port->name)},
            {"mac", hop.mac ? Json(hop.mac->to_string()) : Json()}};
}

std::vector<Json> neighbours(const ViewContext& c) {
    std::vector<Json> rows;
    for (const ServerRecord& server : c.state.servers) {
        if (!is_served(server)) continue;
        Json row = neighbour_row(c.state, server);
        if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

std::uint64_t ms_since(const ViewContext& c, std::uint64_t then_ns) {
    return c.now_ns > then_ns ? (c.now_ns - then_ns) / 1'000'000 : 0;
}

const std::vector<View>& views() {
    static const std::vector<View> all{
        {"status", status},         {"ports", ports},           {"vrrp", vrrp_rows},
        {"tracked", tracked_rows},  {"services", services},     {"servers", servers},
        {"neighbours", neighbours}, {"counters", counter_rows}, {"workers", worker_rows}};
    return all;
}

std::uint64_t active_flows(const exchange::Exchange& exchange, std::uint16_t server) {
    return exchange.active_flows(server);
}

}  // namespace warren::control
