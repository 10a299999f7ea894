// SPDX-License-Identifier: BSD-3-Clause
#include "server_pools/slow_servers.h"

#include <algorithm>
#include <cmath>

#include "model/server_state.h"

namespace warren::server_pools {
namespace {

std::string percent(double share) {
    return std::to_string(std::lround(share * 100)) + " %";
}

double share_of(const model::ServerRecord& server) {
    return static_cast<double>(server.factor) / balance::factor_one;
}

struct Worst {
    balance::Factor factor{};
    std::uint32_t value = balance::factor_one;
};

Worst worst_of(const model::ServiceRecord& service, const model::ServerRecord& server) {
    const balance::Factors& factors = service.factors.factors(server.position);
    const auto least = std::min_element(factors.begin(), factors.end());
    return {static_cast<balance::Factor>(least - factors.begin()), *least};
}

// "handshake 47 %"
std::string text(const Worst& worst) {
    return std::string(balance::factor_names[static_cast<std::size_t>(worst.factor)]) + " " +
           percent(static_cast<double>(worst.value) / balance::factor_one);
}

// One that has just come is not slow.
bool is_weighed(const model::ServiceRecord& service, const model::ServerRecord& server) {
    return is_served(server) && !server.is_sorry && goes_by_health(service) &&
           server.health.condition() == balance::Condition::up &&
           worst_of(service, server).factor != balance::Factor::slow_start;
}

}  // namespace

std::vector<journal::Notice> SlowServers::look(const model::State& state) {
    std::vector<journal::Notice> notices;
    slow_.resize(state.servers.size());
    for (std::size_t i = 0; i < state.servers.size(); ++i) {
        const model::ServerRecord& server = state.servers[i];
        const model::ServiceRecord& service = state.services[server.service];
        const bool was_slow = slow_[i];
        const bool is_judged = is_served(server) && is_weighed(service, server);
        const double share = share_of(server);
        slow_[i] = is_judged && share < (was_slow ? recovered_share : slow_share);
        if (slow_[i] == was_slow || !is_judged) continue;
        const std::string name = "server " + name_of(server) + " of " + name_of(service);
        notices.push_back({was_slow,
                           was_slow ? name + " is no longer slow"
                                    : name + " is slow: " + percent(share) + " of its weight (" +
                                          text(worst_of(service, server)) + ")",
                           about(state, server, "slow")});
    }
    return notices;
}

}  // namespace warren::server_pools
