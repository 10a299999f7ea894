// SPDX-License-Identifier: BSD-3-Clause
#include "verdict/recent.h"

namespace warren::verdict {
namespace {

// With so many connections somebody says something, if only a heartbeat.
constexpr std::uint64_t many_flows = 10;

}  // namespace

// Silence counts from the start of being master: what a peer hears is not heard here.
void Recent::watch_clients(std::size_t service, const model::State& state,
                           const exchange::Exchange& exchange, std::uint64_t now_ns) {
    ClientActivity now{.last_ns = activity_[service].last_ns};
    for (const std::uint16_t server : state.services[service].servers) {
        now.flows += exchange.active_flows(server);
        for (const auto& worker : exchange.workers)
            now.bytes += worker->servers[server].to_server_bytes.value();
    }
    if (!is_active(state, state.services[service].router) || now.bytes != activity_[service].bytes)
        now.last_ns = now_ns;
    activity_[service] = now;
}

void Recent::sample(const model::State& state, const exchange::Exchange& exchange,
                    std::uint64_t lag_ns, std::uint64_t now_ns) {
    for (std::size_t i = 0; i < own_drops.size(); ++i) {
        std::uint64_t total = 0;
        for (const auto& worker : exchange.workers)
            total += worker->counters.drops[static_cast<std::size_t>(own_drops[i])].value();
        drops_[i].sample(total);
    }
    late_adverts_.resize(state.routers.size());
    for (std::size_t i = 0; i < state.routers.size(); ++i)
        late_adverts_[i].sample(state.routers[i].status.counters.late_adverts);
    activity_.resize(state.services.size());
    for (std::size_t i = 0; i < state.services.size(); ++i)
        watch_clients(i, state, exchange, now_ns);
    if (lag_ns >= manager_lag_ns(now_ns)) {
        lag_ns_ = lag_ns;
        lagged_ns_ = now_ns;
    }
}

std::uint64_t Recent::late_adverts(std::size_t router) const {
    return router < late_adverts_.size() ? late_adverts_[router].grown() : 0;
}

std::uint64_t Recent::manager_lag_ns(std::uint64_t now_ns) const {
    return now_ns - lagged_ns_ <= span_ns ? lag_ns_ : 0;
}

std::uint64_t Recent::silent_ns(std::size_t service, std::uint64_t now_ns) const {
    if (service >= activity_.size()) return 0;
    const ClientActivity& activity = activity_[service];
    const bool is_missed = activity.flows >= many_flows && activity.last_ns != 0;
    return is_missed && now_ns > activity.last_ns ? now_ns - activity.last_ns : 0;
}

}  // namespace warren::verdict
