// SPDX-License-Identifier: BSD-3-Clause
#include "server_pools/weights.h"

#include <algorithm>
#include <utility>

#include "balance/preference.h"
#include "model/builder.h"
#include "model/server_state.h"

namespace warren::server_pools {
namespace {

constexpr std::uint32_t notable_change = 8;  // of 256

std::optional<double> share(const std::optional<rabbitmq::Usage>& usage) {
    if (!usage || usage->limit == 0) return std::nullopt;
    return static_cast<double>(usage->used) / static_cast<double>(usage->limit);
}

// The fuller one of what a connection takes.
std::optional<double> fill_of(const rabbitmq::NodeFacts& node) {
    const auto sockets = share(node.sockets);
    const auto descriptors = share(node.descriptors);
    if (!sockets || !descriptors) return sockets ? sockets : descriptors;
    return std::max(*sockets, *descriptors);
}

// Since the last look.
std::uint64_t newer(std::uint64_t& seen, std::uint64_t now) {
    const std::uint64_t before = std::exchange(seen, now);
    return now > before ? now - before : 0;
}

balance::Load load_of(model::ServerRecord& server, const exchange::Exchange& exchange,
                      std::uint16_t index) {
    std::uint64_t connections = 0, segments = 0, repeated = 0;
    for (const auto& worker : exchange.workers) {
        const exchange::ServerCounters& counted = worker->servers[index];
        connections += counted.connections.value();
        segments += counted.to_server.value();
        repeated += counted.repeated.value();
    }
    balance::Load load;
    load.weight = server.config->weight;
    load.is_busy = is_busy(server);
    load.syns = newer(server.traffic.connections, connections);
    load.unanswered = newer(server.traffic.unanswered, server.unanswered);
    load.segments = newer(server.traffic.segments, segments);
    load.repeated = newer(server.traffic.repeated, repeated);
    if (server.node == nullptr) return load;
    load.memory = share(server.node->memory);
    load.fill = fill_of(*server.node);
    if (server.node->sockets) load.connections = static_cast<double>(server.node->sockets->used);
    return load;
}

// Whether the published factor is out of date.
bool take(model::ServerRecord& server, std::uint32_t next) {
    const std::uint32_t change = std::max(next, server.factor) - std::min(next, server.factor);
    const bool at_end = change != 0 && (next == balance::factor_one || next == balance::factor_min);
    if (change < notable_change && !at_end) return false;
    server.factor = next;
    return true;
}

// A node that says no type is of none.
bool is_preferred(const model::ServerRecord& server, config::Prefer prefer) {
    if (prefer == config::Prefer::any) return true;
    const auto wanted =
        prefer == config::Prefer::ram ? rabbitmq::NodeType::ram : rabbitmq::NodeType::disc;
    return server.node != nullptr && server.node->type == wanted;
}

balance::Contender contender(const model::State& state, const model::ServiceRecord& service,
                             const model::ServerRecord& server) {
    const bool is_leaving = server.health.takes_leave();
    const bool takes_flows = is_leaving || server.health.standing() == balance::Standing::serving;
    return {takes_flows && model::weight_of(server) != 0 && model::has_way(state, server) &&
                !server.is_full,
            server.config->tier,
            is_preferred(server, service.config->balancing.prefer),
            server.health.condition() == balance::Condition::blocked,
            server.health.condition() == balance::Condition::minority,
            is_leaving};
}

}  // namespace

bool update_factors(model::State& state, const exchange::Exchange& exchange, std::uint64_t now_ns) {
    bool notable = false;
    for (model::ServiceRecord& service : state.services) {
        for (const std::uint16_t index : service.servers) {
            model::ServerRecord& server = state.servers[index];
            service.factors.load(server.position, load_of(server, exchange, index));
            service.factors.slow_start(server.position, model::slow_start(service, server, now_ns));
        }
        service.factors.update();
        if (!model::goes_by_health(service)) continue;
        for (const std::uint16_t index : service.servers) {
            model::ServerRecord& server = state.servers[index];
            notable |= take(server, service.factors.factor(server.position));
        }
    }
    return notable;
}

bool note_full(model::State& state, const exchange::Exchange& exchange) {
    bool has_changed = false;
    for (const model::ServiceRecord& service : state.services) {
        if (!service.has_tiers) continue;
        for (const std::uint16_t index : service.servers) {
            model::ServerRecord& server = state.servers[index];
            const bool now = exchange.is_overloaded(index, model::flow_limit(server));
            has_changed |= std::exchange(server.is_full, now) != now;
        }
    }
    return has_changed;
}

// Without a usable one all stay as they are: who comes first shall serve.
bool update_standby(model::State& state) {
    bool has_changed = false;
    for (const model::ServiceRecord& service : state.services) {
        std::vector<balance::Contender> pool;
        for (const std::uint16_t index : service.servers)
            pool.push_back(contender(state, service, state.servers[index]));
        const std::vector<bool> is_eligible = balance::eligible(pool);
        for (std::size_t i = 0; i < pool.size(); ++i) {
            const bool waits = pool[i].is_usable && !pool[i].is_leaving && !is_eligible[i];
            const bool is_last = pool[i].is_leaving && is_eligible[i];
            model::ServerRecord& server = state.servers[service.servers[i]];
            has_changed |= std::exchange(server.stands_by, waits) != waits;
            has_changed |= std::exchange(server.is_last_resort, is_last) != is_last;
        }
    }
    return has_changed;
}

}  // namespace warren::server_pools
