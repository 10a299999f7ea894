// SPDX-License-Identifier: BSD-3-Clause
#include "views/status_line.h"

#include <algorithm>
#include <vector>

#include "model/service_state.h"

namespace warren::views {
namespace {

constexpr std::size_t most_names = 3;

std::string masters_text(const model::State& state) {
    std::string names;
    std::size_t masters = 0, routers = 0;
    for (const model::RouterState& router : state.routers) {
        routers += speaks_vrrp(router) ? 1 : 0;
        if (!speaks_vrrp(router) || !is_master(router)) continue;
        if (++masters <= most_names) names += (names.empty() ? "" : ", ") + router.config->name;
    }
    if (routers == 0 && count_served(state.routers) != 0) return "the host's own addresses";
    if (masters == 0) return "master of nothing";
    return "master of " + (masters <= most_names ? names
                                                 : std::to_string(masters) + " of " +
                                                       std::to_string(routers) + " routers");
}

}  // namespace

std::string status_line(const model::State& state, const exchange::Exchange& exchange) {
    std::uint64_t flows = 0;
    std::size_t up = 0, servers = 0;
    for (std::uint16_t i = 0; i < state.servers.size(); ++i) {
        const model::ServerRecord& server = state.servers[i];
        flows += exchange.active_flows(i);
        if (!is_served(server) || server.is_sorry) continue;
        ++servers;
        up += model::is_alive(server) ? 1 : 0;
    }
    return masters_text(state) + ", " + std::to_string(up) + "/" + std::to_string(servers) +
           " servers up, " + std::to_string(flows) + (flows == 1 ? " flow" : " flows");
}

}  // namespace warren::views
