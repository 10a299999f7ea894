// SPDX-License-Identifier: BSD-3-Clause
#include "model/port_use.h"

#include <algorithm>
#include <map>
#include <utility>

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

// A server as it is on the wire. Those that are one use the same ports: it and its doubles in other
// services.
using Wire = std::pair<net::IpAddress, std::uint16_t>;

Wire wire_of(const ServerRecord& server) {
    return {server.config->address, server.config->port};
}

bool uses_ports(const State& state, const ServerRecord& server) {
    return is_served(server) && is_fnat(state.services[server.service]);
}

class PortCount {
  public:
    PortCount(const State& state, const exchange::Exchange& exchange)
        : state_(state), exchange_(exchange) {}

    // `doubles`: those that are this server on the wire, itself too.
    PortUse of(std::uint16_t index, const std::vector<std::uint16_t>& doubles);

  private:
    std::uint64_t ports_on(const net::IpAddress& local);
    std::uint64_t total(const std::vector<net::IpAddress>& locals);
    std::uint64_t active(const exchange::WorkerLink& worker,
                         const std::vector<net::IpAddress>& locals,
                         const std::vector<std::uint16_t>& doubles) const;

    const State& state_;
    const exchange::Exchange& exchange_;
    std::map<net::IpAddress, std::uint64_t> ports_on_;
};

std::uint64_t PortCount::ports_on(const net::IpAddress& local) {
    const auto [known, is_new] = ports_on_.try_emplace(local, 0);
    if (is_new)
        known->second = flow::end_of_ports - flow::first_local_port - reserved_on(state_, local) -
                        hosts_on(state_, local);
    return known->second;
}

std::uint64_t PortCount::total(const std::vector<net::IpAddress>& locals) {
    std::uint64_t sum = 0;
    for (const net::IpAddress& local : locals)
        sum += ports_on(local);
    return sum;
}

std::uint64_t PortCount::active(const exchange::WorkerLink& worker,
                                const std::vector<net::IpAddress>& locals,
                                const std::vector<std::uint16_t>& doubles) const {
    std::uint64_t sum = 0;
    for (const std::uint16_t server : doubles)
        if (share_an_address(state_.services[state_.servers[server].service].local_addresses,
                             locals))
            sum += worker.servers[server].active.value();
    return sum;
}

PortUse PortCount::of(std::uint16_t index, const std::vector<std::uint16_t>& doubles) {
    const ServiceRecord& service = state_.services[state_.servers[index].service];
    PortUse use;
    if (!is_fnat(service)) return use;
    std::vector<net::IpAddress> locals = service.local_addresses;
    std::erase_if(locals, [&](const net::IpAddress& local) {
        return local.is_v4() != state_.servers[index].config->address.is_v4();
    });
    use.total = total(locals);
    const double share = static_cast<double>(use.total) /
                         static_cast<double>(std::max<std::size_t>(exchange_.workers.size(), 1));
    for (const auto& worker : exchange_.workers) {
        const std::uint64_t active = this->active(*worker, locals, doubles);
        use.used += active;
        use.fullest_worker =
            std::max(use.fullest_worker, share > 0 ? static_cast<double>(active) / share : 0);
    }
    return use;
}

}  // namespace

PortUse port_use(const State& state, const exchange::Exchange& exchange, std::uint16_t index) {
    const Wire wanted = wire_of(state.servers[index]);
    std::vector<std::uint16_t> doubles;
    for (std::uint16_t i = 0; i < state.servers.size(); ++i)
        if (uses_ports(state, state.servers[i]) && wire_of(state.servers[i]) == wanted)
            doubles.push_back(i);
    return PortCount(state, exchange).of(index, doubles);
}

std::vector<PortUse> port_uses(const State& state, const exchange::Exchange& exchange) {
    std::map<Wire, std::vector<std::uint16_t>> doubles;
    for (std::uint16_t i = 0; i < state.servers.size(); ++i)
        if (uses_ports(state, state.servers[i])) doubles[wire_of(state.servers[i])].push_back(i);
    PortCount count(state, exchange);
    std::vector<PortUse> uses(state.servers.size());
    for (const auto& [wire, servers] : doubles)
        for (const std::uint16_t server : servers)
            uses[server] = count.of(server, servers);
    return uses;
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
