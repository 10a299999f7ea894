// SPDX-License-Identifier: BSD-3-Clause
#include "tables/server_choice.h"

#include <algorithm>
#include <optional>
#include <span>

#include "balance/client_key.h"

namespace warren::tables {

namespace {

bool takes_new_flows(const exchange::Server& server) {
    return server.state == exchange::ServerState::up && server.reachable;
}

flow::Persistence::Group group_of(const flow::Flow& flow, const exchange::Service& service) {
    return {service.group_of(flow.client_address()), flow.service_id};
}

flow::Tick timeout_of(const exchange::Service& service) {
    return static_cast<flow::Tick>(service.persistence.timeout_ns >> flow::tick_shift) + 1;
}

}  // namespace

ServerChoice::ServerChoice(unsigned worker, const flow::FlowTable& table,
                           const flow::TupleHash& hash, exchange::Exchange& exchange,
                           std::pmr::memory_resource& memory)
    : worker_(worker),
      table_(table),
      exchange_(exchange),
      schedulers_(exchange::max_services),
      persistence_(persistence_slots, hash, &memory) {}

bool ServerChoice::ServiceScheduler::is_for(const exchange::Service& service, const Candidates& now,
                                            std::size_t n) const {
    const auto is_same = [](const balance::Candidate& one, const balance::Candidate& other) {
        return one.server_id == other.server_id;
    };
    const auto size = static_cast<std::ptrdiff_t>(n);
    return algorithm == service.algorithm && count == n &&
           std::equal(now.begin(), now.begin() + size, candidates.begin(), is_same);
}

// Schedulers go by position, so servers that may not be chosen stand there with weight 0.
void ServerChoice::follow(ServiceScheduler& current, const exchange::Service& service,
                          const exchange::Snapshot& snapshot) const {
    Candidates now{};
    const std::size_t count = std::min(service.servers.size(), now.size());
    current.has_limits = false;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint16_t id = service.servers[i];
        const exchange::Server& server = snapshot.servers[id];
        now[i] = {id, takes_new_flows(server) ? server.weight : 0, 0};
        current.has_limits |= server.limit.upper != 0 ||
                              exchange_.reached_limits[id].load(std::memory_order_relaxed) != 0;
    }
    if (!current.is_for(service, now, count)) {
        current.algorithm = service.algorithm;
        current.count = count;
        current.scheduler = balance::Scheduler(service.algorithm, worker_);
    }
    std::copy_n(now.begin(), count, current.candidates.begin());
    current.snapshot = &snapshot;
    current.generation = snapshot.generation;
}

void ServerChoice::count_loads(ServiceScheduler& current) const {
    const std::span<const std::uint32_t> loads = table_.servers().loads();
    for (balance::Candidate& candidate : std::span(current.candidates.data(), current.count))
        candidate.active_flows = loads[candidate.server_id];
}

// Those that are full, and those that a flow may not have.
void ServerChoice::pass_over(Candidates& candidates, std::size_t count,
                             const exchange::Snapshot& snapshot,
                             std::span<const std::uint16_t> excluded) const {
    for (balance::Candidate& candidate : std::span(candidates.data(), count)) {
        const exchange::Server& server = snapshot.servers[candidate.server_id];
        if (takes_new_flows(server) && exchange_.note_overload(candidate.server_id, server.limit))
            candidate.weight = 0;
        if (std::find(excluded.begin(), excluded.end(), candidate.server_id) != excluded.end())
            candidate.weight = 0;
    }
}

std::uint16_t ServerChoice::choose(const flow::Flow& flow, const PollRound& round,
                                   std::span<const std::uint16_t> excluded) {
    if (excluded.empty())
        if (const auto server = kept_server(flow, round)) return *server;
    return schedule(schedulers_[flow.service_id], flow, round, excluded);
}

ServerChoice::Preview ServerChoice::preview(const flow::Flow& flow, const PollRound& round) const {
    if (const auto server = kept_server(flow, round)) return {*server, true};
    ServiceScheduler as_it_is = schedulers_[flow.service_id];
    return {schedule(as_it_is, flow, round, {}), false};
}

std::uint16_t ServerChoice::schedule(ServiceScheduler& current, const flow::Flow& flow,
                                     const PollRound& round,
                                     std::span<const std::uint16_t> excluded) const {
    const exchange::Service& service = round.snapshot->services[flow.service_id];
    if (!current.follows(*round.snapshot)) follow(current, service, *round.snapshot);
    if (current.scheduler.goes_by_load()) count_loads(current);
    std::span<const balance::Candidate> candidates(current.candidates.data(), current.count);
    Candidates of_this_flow;  // as many as there are servers get a value
    if (current.has_limits || !excluded.empty()) {
        std::copy(candidates.begin(), candidates.end(), of_this_flow.begin());
        pass_over(of_this_flow, current.count, *round.snapshot, excluded);
        candidates = std::span(of_this_flow.data(), current.count);
    }
    std::optional<std::size_t> chosen;
    if (service.slots != nullptr) {
        const net::Be16 port = service.hash_port ? flow.client_port : net::Be16(0);
        chosen = service.slots->pick(candidates, balance::client_key(flow.client_address(), port),
                                     service.hash_fallback || !excluded.empty());
    } else {
        chosen = current.scheduler.pick(candidates);
    }
    return chosen ? candidates[*chosen].server_id : no_server;
}

// A group whose server is down, unreachable or removed (its index is another service's now) is
// scheduled anew. One that only gets no new clients keeps those it has until their entries age out
// (IPVS without expire_quiescent_template, HAProxy's drain).
std::optional<std::uint16_t> ServerChoice::kept_server(const flow::Flow& flow,
                                                       const PollRound& round) const {
    const exchange::Service& service = round.snapshot->services[flow.service_id];
    if (!service.is_persistent()) return std::nullopt;
    const auto id = persistence_.server_of(group_of(flow, service), round.tick);
    if (!id) return std::nullopt;
    const exchange::Server& server = round.snapshot->servers[*id];
    const bool takes_anybody = takes_new_flows(server) && server.weight != 0;
    const bool usable = takes_anybody || (server.keeps_groups && server.reachable);
    return usable && server.service == flow.service_id ? id : std::nullopt;
}

void ServerChoice::keep(flow::Flow& flow, const PollRound& round) {
    const exchange::Service& service = round.snapshot->services[flow.service_id];
    if (!service.is_persistent()) return;
    const bool counted = (flow.flags & flow::flow_flag::persistent) != 0;
    if (persistence_.bind(group_of(flow, service), flow.server_id, timeout_of(service), round.tick,
                          counted))
        flow.flags |= flow::flow_flag::persistent;
    else
        exchange_.workers[worker_]->counters.persistence_full.add();
}

void ServerChoice::confirm(const flow::Flow& flow, const PollRound& round) {
    if ((flow.flags & flow::flow_flag::persistent) == 0) return;
    persistence_.confirm(group_of(flow, round.snapshot->services[flow.service_id]));
}

void ServerChoice::let_go(const flow::Flow& flow, const PollRound& round) {
    if ((flow.flags & flow::flow_flag::persistent) == 0) return;
    persistence_.release(group_of(flow, round.snapshot->services[flow.service_id]), round.tick);
}

void ServerChoice::remember(const flow::Persistence::Left& entry, const PollRound& round) {
    if (round.serves(entry.group.service) && persistence_.server_of(entry.group, round.tick))
        return;
    const flow::Tick longest = std::max(timeout_of(round.snapshot->services[entry.group.service]),
                                        flow::Persistence::extension);
    if (!persistence_.restore({entry.group, entry.server, std::min(entry.left, longest)},
                              round.tick))
        exchange_.workers[worker_]->counters.persistence_full.add();
}

void ServerChoice::forget_expired(flow::Tick now) {
    constexpr std::uint32_t slots_per_tick = 512;  // all of them in 17 s
    if (now == swept_) return;
    swept_ = now;
    persistence_.sweep(now, slots_per_tick);
}

}  // namespace warren::tables
