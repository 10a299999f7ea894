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

// Ports that the host's own connections are numbered from, on an address that it has too.
std::uint64_t hosts_on(const State& state, const net::IpAddress& address) {
    return is_shared_with_host(state, address) ? state.host_ports.size() : 0;
}

}  // namespace

PortUses::PortUses(const State& state, const exchange::Exchange& exchange,
                   std::span<const std::uint16_t> servers)
    : state_(state), exchange_(exchange) {
    for (const std::uint16_t index : servers)
        note_service(state_.servers[index].service);
    note_locals(servers);
    note_sharers(servers);
}

// Once each: it asks all of its servers.
void PortUses::note_service(std::uint16_t service) {
    const auto [at, is_new] = of_services_.try_emplace(service);
    if (is_new) at->second = local_addresses(state_, state_.services[service]);
}

void PortUses::note_locals(std::span<const std::uint16_t> servers) {
    for (const std::uint16_t index : servers)
        for (const net::IpAddress& local : locals_of(index))
            locals_.try_emplace(local);
    for (auto& [address, local] : locals_)
        local.ports = flow::end_of_ports - flow::first_local_port - hosts_on(state_, address);
    for (const ServiceRecord& service : state_.services) {
        if (!is_served(service) || service.config->port < flow::first_local_port) continue;
        if (const auto found = locals_.find(service.config->address); found != locals_.end())
            --found->second.ports;
    }
}

void PortUses::note_sharers(std::span<const std::uint16_t> servers) {
    for (const std::uint16_t index : servers)
        hosts_.try_emplace(state_.servers[index].config->address);
    for (std::uint16_t i = 0; i < state_.servers.size(); ++i) {
        if (!is_served(state_.servers[i])) continue;
        const auto found = hosts_.find(state_.servers[i].config->address);
        if (found == hosts_.end()) continue;
        found->second.push_back(i);
        note_service(state_.servers[i].service);
    }
}

// Of the server's family.
std::vector<net::IpAddress> PortUses::locals_of(std::uint16_t index) const {
    const ServiceRecord& service = state_.services[state_.servers[index].service];
    if (!is_fnat(service)) return {};
    std::vector<net::IpAddress> locals = of_services_.at(state_.servers[index].service);
    std::erase_if(locals, [&](const net::IpAddress& local) {
        return local.is_v4() != state_.servers[index].config->address.is_v4();
    });
    return locals;
}

PortUse PortUses::of(std::uint16_t index) const {
    PortUse use;
    const std::vector<net::IpAddress> locals = locals_of(index);
    if (locals.empty()) return use;
    for (const net::IpAddress& local : locals)
        use.total += locals_.at(local).ports;
    const double share = static_cast<double>(use.total) /
                         static_cast<double>(std::max<std::size_t>(exchange_.workers.size(), 1));
    const config::RealServer& server = *state_.servers[index].config;
    std::vector<std::uint16_t> sharers = hosts_.at(server.address);
    std::erase_if(sharers, [&](std::uint16_t other) {
        const ServiceRecord& service = state_.services[state_.servers[other].service];
        return state_.servers[other].config->port != server.port || !is_fnat(service) ||
               !share_an_address(of_services_.at(state_.servers[other].service), locals);
    });
    for (const auto& worker : exchange_.workers) {
        std::uint64_t active = 0;
        for (const std::uint16_t sharer : sharers)
            active += worker->servers[sharer].active.value();
        use.used += active;
        use.fullest_worker =
            std::max(use.fullest_worker, share > 0 ? static_cast<double>(active) / share : 0);
    }
    return use;
}

PortUse PortUses::of(const ServiceRecord& service) const {
    PortUse sum;
    for (const std::uint16_t server : service.servers) {
        const PortUse one = of(server);
        sum.used += one.used;
        sum.total += one.total;
        sum.fullest_worker = std::max(sum.fullest_worker, one.fullest_worker);
    }
    return sum;
}

PortUse port_use(const State& state, const exchange::Exchange& exchange, std::uint16_t server) {
    return PortUses(state, exchange, {&server, 1}).of(server);
}

PortUse port_use(const State& state, const exchange::Exchange& exchange,
                 const ServiceRecord& service) {
    return PortUses(state, exchange, service.servers).of(service);
}

std::vector<std::uint16_t> PortAlarm::newly_short(const State& state,
                                                  const exchange::Exchange& exchange) {
    std::vector<std::uint16_t> servers;
    short_.resize(state.servers.size());
    std::vector<std::uint16_t> busy;
    for (std::uint16_t i = 0; i < state.servers.size(); ++i) {
        if (!is_served(state.servers[i])) short_[i] = false;
        if (is_served(state.servers[i]) && (exchange.active_flows(i) != 0 || short_[i]))
            busy.push_back(i);
    }
    const PortUses uses(state, exchange, busy);
    for (const std::uint16_t i : busy) {
        const double share = uses.of(i).fullest_worker;
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
