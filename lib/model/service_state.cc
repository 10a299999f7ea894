// SPDX-License-Identifier: BSD-3-Clause
#include "model/service_state.h"

#include <algorithm>
#include <utility>

#include "balance/client_key.h"
#include "model/builder.h"

namespace warren::model {
namespace {

bool goes_by_client(config::LbAlgo algo) {
    return algo == config::LbAlgo::sh || algo == config::LbAlgo::mh;
}

std::vector<balance::SlotOwner> slot_owners(const State& state, const ServiceRecord& service) {
    std::vector<balance::SlotOwner> owners;
    for (const std::uint16_t index : candidates(service)) {
        const ServerRecord& server = state.servers[index];
        const bool serves = server_state(server) == exchange::ServerState::up;
        owners.push_back(
            {balance::client_key(server.config->address, net::Be16(server.config->port)),
             serves ? server_weight(server) : 0, weight_of(server) * balance::weight_one});
    }
    return owners;
}

unsigned live_weight(const State& state, const ServiceRecord& service) {
    unsigned sum = 0;
    for (const std::uint16_t index : service.servers)
        if (is_alive(state.servers[index]) && !is_cut_off(state.servers[index]))
            sum += weight_of(state.servers[index]);
    return sum;
}

// Who serves now: the servers that the quorum is made of, or the sorry_server.
void change_over(State& state, ServiceRecord& service, std::uint64_t now_ns) {
    if (!service.sorry_server) return;
    const bool sorry = !service.has_quorum;
    for (const std::uint16_t index : candidates(service)) {
        ServerRecord& server = state.servers[index];
        const exchange::ServerState before = server_state(server);
        server.replaced = server.is_sorry != sorry;
        if (server_state(server) == before) continue;
        server.since_ns = now_ns;
        server.reason = sorry ? "quorum lost" : "quorum";
    }
}

}  // namespace

bool is_alive(const ServerRecord& server) {
    return is_served(server) && !server.is_sorry &&
           server.health.standing() == balance::Standing::serving;
}

bool is_cut_off(const ServerRecord& server) {
    return server.health.condition() == balance::Condition::minority && server.stands_by;
}

bool is_on_last_resort(const State& state, const ServiceRecord& service) {
    return std::any_of(service.servers.begin(), service.servers.end(), [&](std::uint16_t index) {
        const ServerRecord& server = state.servers[index];
        return server.is_last_resort && server_state(server) == exchange::ServerState::up;
    });
}

bool sees_answers(const State& state, const ServiceRecord& service) {
    return std::all_of(service.servers.begin(), service.servers.end(), [&](std::uint16_t index) {
        const config::LbKind kind = state.servers[index].config->kind_in(*service.config);
        return kind == config::LbKind::fnat || kind == config::LbKind::nat;
    });
}

bool is_notified_of_end(const ServerRecord& server) {
    return is_alive(server) && (!server.replaced || server.config->inhibit_on_failure);
}

// keepalived's update_quorum_state(): a quorum is also lost when nobody is left, whatever the
// hysteresis says, and a service without it says so at the start only if it has a sorry_server.
std::vector<QuorumChange> update_quorums(State& state, std::uint64_t now_ns) {
    std::vector<QuorumChange> changes;
    for (std::size_t i = 0; i < state.services.size(); ++i) {
        ServiceRecord& service = state.services[i];
        if (!is_served(service)) continue;
        const bool start = !std::exchange(service.quorum_known, true);
        const unsigned sum = live_weight(state, service);
        const unsigned gain = service.config->quorum + service.config->hysteresis;
        const unsigned keep = service.config->quorum - service.config->hysteresis;
        const bool had = service.has_quorum;
        service.has_quorum = had ? sum != 0 && sum >= keep : sum >= gain;
        const bool begins_without = start && !service.has_quorum && service.sorry_server;
        if (service.has_quorum == had && !begins_without) continue;
        change_over(state, service, now_ns);
        changes.push_back(
            {static_cast<std::uint16_t>(i), service.has_quorum, start, sum, had ? keep : gain});
    }
    return changes;
}

void update_slots(State& state) {
    for (ServiceRecord& service : state.services) {
        if (!is_served(service) || !goes_by_client(service.config->lb_algo)) {
            service.slots = nullptr;
            continue;
        }
        const std::vector<balance::SlotOwner> owners = slot_owners(state, service);
        if (service.slots && service.slots->fits(owners)) continue;
        service.slots = std::make_shared<const balance::SlotTable>(
            service.config->lb_algo == config::LbAlgo::mh
                ? balance::SlotTable::maglev(owners)
                : balance::SlotTable::source_hash(owners));
    }
}

}  // namespace warren::model
