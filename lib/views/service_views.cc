// SPDX-License-Identifier: BSD-3-Clause
#include "views/service_views.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>
#include <utility>

#include "journal/event_log.h"
#include "model/builder.h"
#include "model/port_use.h"
#include "model/server_state.h"
#include "model/service_state.h"
#include "server_pools/drains.h"

namespace warren::views {
namespace {

using exchange::Counter;
using exchange::ServerCounters;

std::uint64_t sum(const exchange::Exchange& e, std::uint16_t server,
                  Counter ServerCounters::*counter) {
    std::uint64_t total = 0;
    for (const auto& worker : e.workers)
        total += (worker->servers[server].*counter).value();
    return total;
}

double per_second(const balance::Rate& rate) {
    return rounded(rate.per_second(), 10);
}

}  // namespace

// A sorry_server waits for its turn; it is not broken.
std::string state_text(const model::ServerRecord& server) {
    if (server.is_sorry && server.replaced && !server.health.is_excluded()) return "standby";
    const balance::Condition condition = server.health.condition();
    const bool is_replaced =
        server_state(server) == exchange::ServerState::drain && condition == balance::Condition::up;
    if (condition == balance::Condition::minority)
        return std::string(
            name_of(is_cut_off(server) ? balance::Condition::down : balance::Condition::up));
    return std::string(name_of(is_replaced ? balance::Condition::draining : condition));
}

namespace {

Json factors_of(const model::ServiceRecord& service, const model::ServerRecord& server) {
    Json factors = Json::object();
    if (server.is_sorry || !goes_by_health(service)) return factors;
    const balance::Factors& now = service.factors.factors(server.position);
    for (std::size_t i = 0; i < now.size(); ++i)
        factors[std::string(balance::factor_names[i])] =
            rounded(static_cast<double>(now[i]) / balance::factor_one, 1000);
    return factors;
}

Json usage(const std::optional<rabbitmq::Usage>& usage) {
    if (!usage) return {};
    return {{"used", usage->used}, {"limit", usage->limit}};
}

Json told(std::optional<bool> truth) {
    return truth ? Json(*truth) : Json();
}

const char* type_text(rabbitmq::NodeType type) {
    constexpr std::array names{"unknown", "disc", "ram"};
    return names.at(static_cast<std::size_t>(type));
}

// Null where no check asks the node.
Json node_of(const model::ServerRecord& server) {
    if (server.node == nullptr) return {};
    const rabbitmq::NodeFacts& node = *server.node;
    Json alarms = Json::array();
    if (node.memory_alarm.value_or(false)) alarms.push_back("memory");
    if (node.disk_alarm.value_or(false)) alarms.push_back("disk");
    return {{"name", node.name},
            {"type", type_text(node.type)},
            {"version", node.version},
            {"cluster", node.cluster_name},
            {"memory", usage(node.memory)},
            {"sockets", usage(node.sockets)},
            {"descriptors", usage(node.descriptors)},
            {"run_queue", node.run_queue ? Json(*node.run_queue) : Json()},
            {"alarms", std::move(alarms)},
            {"members", usage(node.members)},
            {"quorum_critical", told(node.is_quorum_critical)},
            {"mirrors_in_sync", told(node.mirrors_in_sync)}};
}

// Null while it takes new flows, or is down.
Json drain_of(const ViewContext& c, const model::ServerRecord& server) {
    const balance::DrainWatch& drain = server.drain;
    if (!drain.is_on()) return {};
    const std::uint64_t timeout_ms = server_pools::drain_timeout_ms(c.state, server);
    return {{"flows_at_first", drain.first()},
            {"flows_left", drain.left()},
            {"left_ms",
             timeout_ms == 0 ? Json() : Json(drain.left_ms(timeout_ms, c.now_ns / 1'000'000))}};
}

// `down` resets flows, but for these.
std::string reason_text(const model::ServerRecord& server) {
    if (server.is_last_resort)
        return server.reason + ": gets new flows, for no other can take them";
    if (server.health.condition() != balance::Condition::minority) return server.reason;
    return server.reason + (is_cut_off(server) ? ": down for new flows, those it has stay"
                                               : ": serves, for no other server can");
}

Json check_text(const model::ServerRecord& server) {
    if (!server.check.known) return {};
    return server.check.ok ? "ok" : server.check.text;
}

Json server_row(const ViewContext& c, std::uint16_t index, const model::PortUses& uses) {
    const model::ServerRecord& s = c.state.servers[index];
    const model::PortUse ports = uses.of(index);
    return {{"service", name_of(c.state.services[s.service])},
            {"server", name_of(s)},
            {"position", s.position},
            {"state", state_text(s)},
            {"sorry", s.is_sorry},
            {"reachable", has_way(c.state, s)},
            {"tier", s.config->tier},
            {"waits", s.stands_by},
            {"serves", server_state(s) == exchange::ServerState::up},
            {"weight", weight_of(s)},
            {"configured_weight", s.config->weight},
            {"effective_weight",
             rounded(static_cast<double>(server_weight(s)) / balance::factor_one, 1000)},
            {"factor", rounded(static_cast<double>(s.factor) / balance::factor_one, 1000)},
            {"factors", factors_of(c.state.services[s.service], s)},
            {"node", node_of(s)},
            {"drain", drain_of(c, s)},
            {"check", check_text(s)},
            {"check_us", s.check.known ? Json(s.check.latency_ns / 1000) : Json()},
            {"handshake_us", s.handshake_us == 0 ? Json() : Json(std::lround(s.handshake_us))},
            {"active", c.exchange.active_flows(index)},
            {"uthreshold", s.config->uthreshold},
            {"lthreshold", s.config->lthreshold},
            {"overloaded", c.exchange.is_overloaded(index, flow_limit(s))},
            {"connections",
             sum(c.exchange, index, &ServerCounters::connections) - s.before.connections},
            {"connections_per_s", per_second(s.rates.connections)},
            {"refused", s.refused},
            {"refused_10s", s.refusals.recent()},
            {"unanswered", s.unanswered},
            {"local_ports_used", ports.used},
            {"local_ports_free", ports.total - std::min(ports.used, ports.total)},
            {"to_server_bytes",
             sum(c.exchange, index, &ServerCounters::to_server_bytes) - s.before.to_server_bytes},
            {"to_client_bytes",
             sum(c.exchange, index, &ServerCounters::to_client_bytes) - s.before.to_client_bytes},
            {"to_server_bytes_per_s", std::lround(s.rates.to_server_bytes.per_second())},
            {"to_client_bytes_per_s", std::lround(s.rates.to_client_bytes.per_second())},
            {"since",
             journal::utc_text(c.wall_ms - static_cast<std::int64_t>(ms_since(c, s.since_ns)))},
            {"since_ms", ms_since(c, s.since_ns)},
            {"reason", reason_text(s)}};
}

constexpr std::array short_names{"service",
                                 "server",
                                 "position",
                                 "state",
                                 "reachable",
                                 "overloaded",
                                 "waits",
                                 "serves",
                                 "since_ms",
                                 "weight",
                                 "configured_weight",
                                 "effective_weight",
                                 "factors",
                                 "active",
                                 "connections",
                                 "connections_per_s",
                                 "check",
                                 "check_us",
                                 "handshake_us",
                                 "refused",
                                 "refused_10s",
                                 "to_server_bytes",
                                 "to_client_bytes",
                                 "to_server_bytes_per_s",
                                 "to_client_bytes_per_s",
                                 "node",
                                 "drain",
                                 "reason"};

Json lowered_factors(const model::ServiceRecord& service, const model::ServerRecord& server) {
    if (server.is_sorry || !goes_by_health(service)) return {};
    const balance::Factors& now = service.factors.factors(server.position);
    Json factors;
    for (std::size_t i = 0; i < now.size(); ++i)
        if (now[i] < balance::factor_one)
            factors[std::string(balance::factor_names[i])] =
                rounded(static_cast<double>(now[i]) / balance::factor_one, 1000);
    return factors;
}

// In the order of short_names.
Json short_row(const ViewContext& c, std::uint16_t index) {
    const model::ServerRecord& s = c.state.servers[index];
    const model::ServiceRecord& service = c.state.services[s.service];
    return Json::array(
        {name_of(service),
         name_of(s),
         s.position,
         state_text(s),
         has_way(c.state, s),
         c.exchange.is_overloaded(index, flow_limit(s)),
         s.stands_by,
         server_state(s) == exchange::ServerState::up,
         ms_since(c, s.since_ns),
         weight_of(s),
         s.config->weight,
         rounded(static_cast<double>(server_weight(s)) / balance::factor_one, 1000),
         lowered_factors(service, s),
         c.exchange.active_flows(index),
         sum(c.exchange, index, &ServerCounters::connections) - s.before.connections,
         per_second(s.rates.connections),
         check_text(s),
         s.check.known ? Json(s.check.latency_ns / 1000) : Json(),
         s.handshake_us == 0 ? Json() : Json(std::lround(s.handshake_us)),
         s.refused,
         s.refusals.recent(),
         sum(c.exchange, index, &ServerCounters::to_server_bytes) - s.before.to_server_bytes,
         sum(c.exchange, index, &ServerCounters::to_client_bytes) - s.before.to_client_bytes,
         std::lround(s.rates.to_server_bytes.per_second()),
         std::lround(s.rates.to_client_bytes.per_second()),
         node_of(s),
         drain_of(c, s),
         reason_text(s)});
}

// By cause, those that there have been; in all and in the last 10 s.
Json refusals_of(const model::ServiceRecord& service,
                 std::uint64_t (balance::RecentCount::*count)() const) {
    Json all = Json::object();
    for (std::size_t i = 0; i < service.refusals.size(); ++i)
        if (const std::uint64_t n = (service.refusals[i].*count)(); n != 0)
            all[std::string(model::refusal_names[i])] = n;
    return all;
}

Json service_row(const ViewContext& c, const model::ServiceRecord& service,
                 const model::PortUses& uses) {
    std::size_t up = 0;
    std::uint64_t active = 0;
    std::uint64_t connections = 0;
    double connections_per_s = 0, to_server_bytes_per_s = 0, to_client_bytes_per_s = 0;
    for (const std::uint16_t i : candidates(service)) {
        up += is_alive(c.state.servers[i]) && !is_cut_off(c.state.servers[i]) ? 1 : 0;
        active += sum(c.exchange, i, &ServerCounters::active);
        connections += sum(c.exchange, i, &ServerCounters::connections) -
                       c.state.servers[i].before.connections;
        const model::ServerRates& rates = c.state.servers[i].rates;
        connections_per_s += rates.connections.per_second();
        to_server_bytes_per_s += rates.to_server_bytes.per_second();
        to_client_bytes_per_s += rates.to_client_bytes.per_second();
    }
    const model::PortUse ports = uses.of(service);
    const model::RouterState* router = service.router ? &c.state.routers[*service.router] : nullptr;
    return {{"service", name_of(service)},
            {"protocol", config::to_text(service.config->protocol)},
            {"lb_algo", config::to_text(service.config->lb_algo)},
            {"lb_kind", config::to_text(service.config->lb_kind)},
            {"router", router != nullptr ? Json(router->config->name) : Json()},
            {"state", router != nullptr ? Json(vrrp::name(router->status.state)) : Json()},
            {"server_count", service.servers.size()},
            {"servers_up", up},
            {"quorum", service.has_quorum ? "up" : "down"},
            {"sorry_server", service.sorry_server && !service.has_quorum},
            {"active", active},
            {"connections", connections},
            {"connections_per_s", rounded(connections_per_s, 10)},
            {"to_server_bytes_per_s", std::lround(to_server_bytes_per_s)},
            {"to_client_bytes_per_s", std::lround(to_client_bytes_per_s)},
            {"refusals", refusals_of(service, &balance::RecentCount::total)},
            {"refusals_10s", refusals_of(service, &balance::RecentCount::recent)},
            {"local_ports_used", ports.used},
            {"local_ports_free", ports.total - std::min(ports.used, ports.total)},
            {"local_ports_fullest", rounded(ports.fullest_worker, 1000)}};
}

Json neighbour_row(const model::State& state, const model::ServerRecord& server) {
    if (!server.next_hop)
        return {{"server", server.config->address.to_string()}, {"state", "no route"}};
    const kernel::NextHop& hop = *server.next_hop;
    const auto port =
        std::find_if(state.ports.begin(), state.ports.end(),
                     [&](const model::PortState& p) { return p.ifindex == hop.ifindex; });
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

// So many of them at most.
std::vector<std::uint16_t> served_from(const model::State& state, std::size_t from,
                                       std::size_t most) {
    std::vector<std::uint16_t> all;
    for (std::size_t i = from; i < state.servers.size() && all.size() < most; ++i)
        if (is_served(state.servers[i])) all.push_back(static_cast<std::uint16_t>(i));
    return all;
}

// Of the services from `begin` to `end`.
std::vector<std::uint16_t> servers_of(const model::State& state, std::size_t begin,
                                      std::size_t end) {
    std::vector<std::uint16_t> all;
    for (std::size_t i = begin; i < end; ++i)
        all.insert(all.end(), state.services[i].servers.begin(), state.services[i].servers.end());
    return all;
}

// One server of each address, until `take` says no: those of one host have the same way to it.
void each_host(const model::State& state, const auto& take) {
    std::unordered_set<net::IpAddress, net::IpAddressHash> seen;
    for (const model::ServerRecord& server : state.servers)
        if (is_served(server) && seen.insert(server.config->address).second && !take(server))
            return;
}

}  // namespace

std::vector<Json> server_rows(const ViewContext& c) {
    const std::vector<std::uint16_t> all = served_from(c.state, 0, c.state.servers.size());
    const model::PortUses ports(c.state, c.exchange, all);
    std::vector<Json> rows;
    for (const std::uint16_t index : all)
        rows.push_back(server_row(c, index, ports));
    return rows;
}

// The cursor is a server's index. As many at a time as fit a page: for each time there is a walk
// over all.
std::string server_page(const ViewContext& c, std::size_t from) {
    constexpr std::size_t at_a_time = 32;
    Page page("servers");
    for (auto next = served_from(c.state, from, at_a_time); !next.empty();
         next = served_from(c.state, next.back() + std::size_t{1}, at_a_time)) {
        const model::PortUses ports(c.state, c.exchange, next);
        for (const std::uint16_t index : next)
            if (!page.add(server_row(c, index, ports))) return page.finish(std::to_string(index));
    }
    return page.finish(std::nullopt);
}

std::string short_server_page(const ViewContext& c, std::size_t from) {
    Page page("servers_short", short_names);
    for (std::size_t i = from; i < c.state.servers.size(); ++i)
        if (is_served(c.state.servers[i]) && !page.add(short_row(c, static_cast<std::uint16_t>(i))))
            return page.finish(std::to_string(i));
    return page.finish(std::nullopt);
}

std::vector<Json> service_rows(const ViewContext& c) {
    const model::PortUses ports(c.state, c.exchange,
                                servers_of(c.state, 0, c.state.services.size()));
    std::vector<Json> rows;
    for (const model::ServiceRecord& service : c.state.services)
        if (is_served(service)) rows.push_back(service_row(c, service, ports));
    return rows;
}

// The cursor is a service's index.
std::string service_page(const ViewContext& c, std::size_t from) {
    constexpr std::size_t at_a_time = 8;
    const std::vector<model::ServiceRecord>& services = c.state.services;
    Page page("services");
    for (std::size_t begin = from; begin < services.size(); begin += at_a_time) {
        const std::size_t end = std::min(begin + at_a_time, services.size());
        const model::PortUses ports(c.state, c.exchange, servers_of(c.state, begin, end));
        for (std::size_t i = begin; i < end; ++i)
            if (is_served(services[i]) && !page.add(service_row(c, services[i], ports)))
                return page.finish(std::to_string(i));
    }
    return page.finish(std::nullopt);
}

std::vector<Json> neighbour_rows(const ViewContext& c) {
    std::vector<Json> rows;
    each_host(c.state, [&](const model::ServerRecord& server) {
        rows.push_back(neighbour_row(c.state, server));
        return true;
    });
    return rows;
}

// The cursor is how many were shown. A page's end is the end of the walk.
std::string neighbour_page(const ViewContext& c, std::size_t from) {
    Page page("neighbours");
    std::size_t number = 0;
    std::optional<std::string> next;
    each_host(c.state, [&](const model::ServerRecord& server) {
        if (number >= from && !page.add(neighbour_row(c.state, server)))
            next = std::to_string(number);
        ++number;
        return !next;
    });
    return page.finish(next);
}

}  // namespace warren::views
