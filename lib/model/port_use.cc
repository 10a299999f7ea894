// SPDX-License-Identifier: BSD-3-Clause
#include "model/port_use.h"

#include <algorithm>

#include "flow/local_ports.h"
#include "model/builder.h"

namespace warren::model {
namespace {

// Whether two services send to this server from one local address.
bool share_an_address(const std::vector<net::IpAddress>& a, const std::vector<net::IpAddress>& b) {
    return std::any_of(a.begin(), a.end(), [&](const net::IpAddress& address) {
        return std::find(b.begin(), b.end(), address) != b.end();
    });
}

bool is_fnat(const ServiceRecord& service) {
    return service.config->lb_kind == config::LbKind::fnat;
}

// Ports on an address that are services' own, and so no local ports.
std::uint64_t reserved_on(const State& state, const net::IpAddress& address) {
    return static_cast<std::uint64_t>(std::count_if(
        state.services.begin(), state.services.end(), [&](const ServiceRecord& service) {
            return is_served(service) && service.config->address == address &&
                   service.config->port >= flow::first_local_port;
        }));
}

// Ports that the host's own connections are numbered from, on an address that it has too.
std::uint64_t hosts_on(const State& state, const net::IpAddress& address) {
    return is_hosts(state, address) ? state.host_ports.size() : 0;
}

// The servers that use the same ports as this one: it and its doubles in other services.
std::vector<std::uint16_t> sharers(const State& state, std::uint16_t index,
                                   const std::vector<net::IpAddress>& locals) {
    const config::RealServer& wanted = *state.servers[index].config;
    std::vector<std::uint16_t> found;
    for (std::uint16_t i = 0; i < state.servers.size(); ++i) {
        const ServerRecord& server = state.servers[i];
        if (!is_served(server)) continue;
        const ServiceRecord& service = state.services[server.service];
        if (server.config->address == wanted.address && server.config->port == wanted.port &&
            is_fnat(service) && share_an_address(service.local_addresses, locals))
            found.push_back(i);
    }
    return found;
}

}  // namespace

PortUse port_use(const State& state, const exchange::Exchange& exchange, std::uint16_t index) {
    const ServiceRecord& service = state.services[state.servers[index].service];
    PortUse use;
    if (!is_fnat(service)) return use;
    std::vector<net::IpAddress> locals = service.local_addresses;
    std::erase_if(locals, [&](const net::IpAddress& local) {
        return local.is_v4() != state.servers[index].config->address.is_v4();
    });
    for (const net::IpAddress& local : locals)
        use.total += flow::end_of_ports - flow::first_local_port - reserved_on(state, local) -
                     hosts_on(state, local);
    const double share = static_cast<double>(use.total) /
                         static_cast<double>(std::max<std::size_t>(exchange.workers.size(), 1));
    const std::vector<std::uint16_t> all = sharers(state, index, locals);
    for (const auto& worker : exchange.workers) {
        std::uint64_t active = 0;
        for (const std::uint16_t server : all)
            active += worker->servers[server].active.value();
        use.used += active;
        use.fullest_worker =
            std::max(use.fullest_worker, share > 0 ? static_cast<double>(active) / share : 0);
    }
    return use;
}

PortUse port_use(const State& state, const exchange::Exchange& exchange,
                 const ServiceRecord& service) {
    PortUse sum;
    for (const std::uint16_t server : service.servers) {
        const PortUse one = port_use(state, exchange, server);
        sum.used += one.used;
        sum.total += one.total;
        sum.fullest_worker = std::max(sum.fullest_worker, one.fullest_worker);
    }
    return sum;
}

std::vector<std::uint16_t> PortAlarm::newly_short(const State& state,
                                                  const exchange::Exchange& exchange) {
    std::vector<std::uint16_t> servers;
    short_.resize(state.servers.size());
    for (std::uint16_t i = 0; i < state.servers.size(); ++i) {
        if (!is_served(state.servers[i])) short_[i] = false;
        if (!is_served(state.servers[i]) || (exchange.active_flows(i) == 0 && !short_[i])) continue;
        const double share = port_use(state, exchange, i).fullest_worker;
        if (share >= ports_warn_share && !short_[i]) {
            short_[i] = true;
            servers.push_back(i);
        } else if (share < ports_calm_share) {
            short_[i] = false;
        }
    }
    return servers;
}

}  // namespace warren::model
