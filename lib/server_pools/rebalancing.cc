// SPDX-License-Identifier: BSD-3-Clause
#include "server_pools/rebalancing.h"

#include <algorithm>
#include <utility>

#include "model/builder.h"

namespace warren::server_pools {
namespace {

// Equal shares where the scheduler asks for no weight.
bool goes_by_weight(config::LbAlgo algo) {
    return algo != config::LbAlgo::rr && algo != config::LbAlgo::lc;
}

std::vector<balance::Holder> pool_of(const model::State& state, const exchange::Exchange& exchange,
                                     const model::ServiceRecord& service) {
    std::vector<balance::Holder> pool;
    for (const std::uint16_t index : service.servers) {
        const model::ServerRecord& server = state.servers[index];
        const bool serves = server_state(server) == exchange::ServerState::up;
        const std::uint32_t weight = serves ? server_weight(server) : 0;
        pool.push_back({goes_by_weight(service.config->lb_algo) ? weight : std::min(weight, 1U),
                        exchange.active_flows(index)});
    }
    return pool;
}

// From whom has most of that server's, as each gives one.
void spread(const exchange::Exchange& exchange, std::uint16_t server, std::uint32_t most,
            std::vector<Shed>& sheds) {
    std::vector<std::uint64_t> held;
    for (const auto& worker : exchange.workers)
        held.push_back(worker->servers[server].active.value());
    std::vector<std::uint8_t> given(held.size());
    for (; most != 0; --most) {
        const auto richest = std::max_element(held.begin(), held.end());
        std::uint8_t& count = given[static_cast<std::size_t>(richest - held.begin())];
        if (*richest == 0 || count == exchange::shed_most) break;
        --*richest;
        ++count;
    }
    for (unsigned worker = 0; worker < given.size(); ++worker)
        if (given[worker] != 0)
            sheds.push_back({worker, {.server = server, .all = false, .most = given[worker]}});
}

void move(const exchange::Exchange& exchange, std::uint16_t server, std::uint32_t most,
          config::MoveMethod method, RebalanceStep& step) {
    if (method == config::MoveMethod::reset)
        spread(exchange, server, most, step.sheds);
    else if (most != 0)
        step.closes.push_back({server, most});
}

}  // namespace

std::string hindrance(const model::ServiceRecord& service) {
    const config::VirtualServer& v = *service.config;
    if (v.lb_algo == config::LbAlgo::sh || v.lb_algo == config::LbAlgo::mh ||
        v.lb_algo == config::LbAlgo::fo)
        return std::string("lb_algo ") + config::to_text(v.lb_algo) +
               " would send its clients back to where they were";
    if (v.persistence_timeout_ns != 0) return "persistence would send its clients back";
    return "";
}

RebalanceStep rebalance(model::State& state, const exchange::Exchange& exchange) {
    RebalanceStep step;
    for (std::uint16_t id = 0; id < state.services.size(); ++id) {
        model::ServiceRecord& service = state.services[id];
        // A backup has its peer's flows, and who was master has those that left with the address.
        const bool wanted = is_served(service) && is_active(state, service.router) &&
                            hindrance(service).empty() &&
                            (service.config->balancing.rebalance || service.is_rebalance_ordered);
        if (!wanted) {
            service.rebalance = {};
            continue;
        }
        const config::Rebalance rules =
            service.config->balancing.rebalance.value_or(config::Rebalance{});
        const auto grain = static_cast<std::uint32_t>(exchange.workers.size()) + 1;
        const bool was = service.rebalance.is_moving();
        const std::vector<std::uint32_t> moves = service.rebalance.step(
            pool_of(state, exchange, service), {rules.rate, rules.threshold, grain});
        for (std::size_t i = 0; i < moves.size(); ++i)
            move(exchange, service.servers[i], moves[i], rules.method, step);
        const bool is = service.rebalance.is_moving();
        if (is && !was)
            step.news.emplace_back(id, "a server is short of its share: connections move");
        if (!is && was)
            step.news.emplace_back(id, "evened out: " + std::to_string(service.rebalance.moved()) +
                                           " connections were told to move");
        if (!is) service.is_rebalance_ordered = false;
    }
    return step;
}

}  // namespace warren::server_pools
