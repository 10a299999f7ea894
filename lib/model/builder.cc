// SPDX-License-Identifier: BSD-3-Clause
#include "model/builder.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "flow/digest.h"

namespace warren::model {
namespace {

constexpr std::uint16_t ethernet_mtu = 1'500, loopback_mtu = 65'535;

flow::Method method(config::LbKind kind) {
    switch (kind) {
        case config::LbKind::nat:
            return flow::Method::nat;
        case config::LbKind::dr:
            return flow::Method::dr;
        case config::LbKind::tun:
            return flow::Method::tun;
        case config::LbKind::fnat:
            break;
    }
    return flow::Method::fnat;
}

balance::Algorithm algorithm(config::LbAlgo algo) {
    using Algorithm = balance::Algorithm;
    switch (algo) {
        case config::LbAlgo::rr:
            return Algorithm::rr;
        case config::LbAlgo::wrr:
            return Algorithm::wrr;
        case config::LbAlgo::lc:
            return Algorithm::lc;
        case config::LbAlgo::wlc:
            return Algorithm::wlc;
        case config::LbAlgo::sh:
            return Algorithm::sh;
        case config::LbAlgo::mh:
            return Algorithm::mh;
        case config::LbAlgo::sed:
            return Algorithm::sed;
        case config::LbAlgo::nq:
            return Algorithm::nq;
        case config::LbAlgo::fo:
            break;
    }
    return Algorithm::fo;
}

// Addresses on another interface than their virtual router's have that interface's own MAC.
net::MacAddress mac_on(const State& state, std::uint16_t router, std::uint8_t port) {
    const RouterState& owner = state.routers[router];
    return owner.port == port ? owner.plan->source_mac : state.ports[port].mac;
}

// Collects the owned addresses of a snapshot, each once: whoever comes first owns it.
class OwnedAddresses {
  public:
    OwnedAddresses(exchange::Snapshot& snapshot, const State& state)
        : snapshot_(snapshot), state_(state) {}

    void add(const net::IpAddress& address, std::uint16_t router, std::uint8_t port,
             bool is_hosts) {
        if (!known_.insert(address).second) return;
        snapshot_.addresses.push_back(
            {address, mac_on(state_, router, port), router, port, is_hosts});
        exchange::OwnedAddress& owned = snapshot_.addresses.back();
        owned.kernel_answers = is_hosts && owned.mac == state_.ports[port].mac &&
                               (state_.routers[router].config->serves_host_address ||
                                (state_.ports[port].shared && state_.ports[port].primary &&
                                 state_.ports[port].primary->address == address));
    }
    // The host's own, with the port's MAC. Where routers share it, one that is master has it.
    void add_own(const net::IpAddress& address, std::uint16_t router, std::uint8_t port) {
        if (known_.insert(address).second) {
            own_.emplace(address, snapshot_.addresses.size());
            snapshot_.addresses.push_back(
                {address, state_.ports[port].mac, router, port, true, true});
        } else if (const auto at = own_.find(address);
                   at != own_.end() && is_active(state_, router)) {
            snapshot_.addresses[at->second].virtual_router = router;
        }
    }

  private:
    exchange::Snapshot& snapshot_;
    const State& state_;
    std::unordered_set<net::IpAddress, net::IpAddressHash> known_;
    std::unordered_map<net::IpAddress, std::size_t, net::IpAddressHash> own_;  // in addresses
};

void add_routers(exchange::Snapshot& snapshot, OwnedAddresses& owned, const State& state) {
    for (std::size_t i = 0; i < state.routers.size(); ++i) {
        const RouterState& router = state.routers[i];
        if (!is_served(router)) {
            snapshot.virtual_routers.push_back({});
            continue;
        }
        const vrrp::Settings& settings = router.plan->settings;
        snapshot.virtual_routers.push_back({settings.vrid, router.port,
                                            vrrp::Instance(settings).ownership_lease_ns(),
                                            router.plan->source_mac, router.config->accept});
        for (const auto* list :
             {&router.config->virtual_ipaddress, &router.config->virtual_ipaddress_excluded})
            for (const config::VirtualAddress& vip : *list)
                owned.add(vip.prefix.address, static_cast<std::uint16_t>(i),
                          port_of(state, router, vip), is_hosts(state, vip.prefix.address));
    }
}

void add_service(exchange::Snapshot& snapshot, OwnedAddresses& owned, const State& state,
                 const ServiceRecord& record) {
    exchange::Service service;
    if (record.presence == Presence::free) {
        snapshot.services.push_back(std::move(service));
        return;
    }
    service.present = record.router.has_value() && is_served(record);
    service.address = record.config->address;
    service.port = net::Be16(record.config->port);
    service.algorithm = algorithm(record.config->lb_algo);
    service.slots = record.slots;
    service.hash_port = record.config->hash_port;
    service.hash_fallback = record.config->hash_fallback;
    service.synced = record.config->flow_sync;
    service.established_timeout_ns =
        static_cast<std::uint64_t>(record.config->establish_timeout_ns);
    service.servers = candidates(record);
    const std::uint8_t whole_address = service.address.is_v4() ? 32 : 128;
    service.persistence = {static_cast<std::uint64_t>(record.config->persistence_timeout_ns),
                           record.config->persistence_granularity.value_or(whole_address)};
    service.local_addresses = local_addresses(state, record);
    // Those of a removed one hear of its flows' end.
    if (record.router)
        for (const net::IpAddress& local : service.local_addresses) {
            if (const auto port = port_with(state, local))
                owned.add_own(local, *record.router, *port);
            else
                owned.add(local, *record.router, state.routers[*record.router].port, false);
        }
    snapshot.services.push_back(std::move(service));
}

std::optional<std::uint8_t> port_towards(const State& state, const kernel::NextHop& hop) {
    for (std::size_t i = 0; i < state.ports.size(); ++i)
        if (state.ports[i].ifindex == hop.ifindex && hop.ifindex != 0)
            return static_cast<std::uint8_t>(i);
    return std::nullopt;
}

// DR needs the server itself on the link: a router would send the VIP's packets back to us. TUN
// needs an address that its outer header can come from: the kernel's choice for that route, as in
// IPVS. The VIP cannot be it, for the servers have the VIP too and take its packets for forged.
void add_method(exchange::Server& server, const kernel::NextHop& hop) {
    if (server.method == flow::Method::dr && hop.gateway != server.address)
        server.reachable = false;
    if (server.method != flow::Method::tun) return;
    if (hop.source)
        server.tunnel_source = *hop.source;
    else
        server.reachable = false;
}

// This host itself (IPVS's local node), whatever the forwarding method, or what its kernel alone
// can send to: the kernel gets the client's packets unchanged by way of lo, finds there which
// server is meant (the link's source says it), and its answers need no worker, as in DR.
void add_kernels_way(exchange::Server& server, const State& state, const ServerRecord& record) {
    server.reachable = true;
    server.method = flow::Method::dr;
    server.proxy = net::ProxyVersion::none;
    server.out_port = exchange::loopback_port;
    server.next_hop = {};
    server.link_source =
        local_server_mac(static_cast<std::uint16_t>(&record - state.servers.data()));
}

exchange::Server server_of(const State& state, const ServerRecord& record) {
    if (record.presence == Presence::free) return {};
    const config::VirtualServer& service = *state.services[record.service].config;
    exchange::Server server;
    server.address = record.config->address;
    server.port = net::Be16(record.config->port);
    server.state = server_state(record);
    server.weight = server_weight(record);
    server.keeps_groups = keeps_groups(record);
    server.limit = flow_limit(record);
    server.service = record.service;
    server.method = method(record.config->kind_in(service));
    server.proxy = service.proxy_protocol;
    if (is_kernels_server(state, record)) add_kernels_way(server, state, record);
    if (!record.next_hop || record.next_hop->local || !record.next_hop->mac) return server;
    if (const auto port = port_towards(state, *record.next_hop)) {
        server.reachable = true;
        server.out_port = *port;
        server.next_hop = *record.next_hop->mac;
        const auto router = state.services[record.service].router;
        server.link_source = router ? mac_on(state, *router, *port) : state.ports[*port].mac;
        add_method(server, *record.next_hop);
    }
    return server;
}

}  // namespace

net::MacAddress local_server_mac(std::uint16_t server) {
    return {{2, 0, 0, 0, static_cast<std::uint8_t>(server >> 8),
             static_cast<std::uint8_t>(server & 0xff)}};
}

bool is_local_server(const State& state, const ServerRecord& server) {
    const net::IpAddress& vip = state.services[server.service].config->address;
    const net::IpAddress& address = server.config->address;
    const bool is_own = address.is_loopback() || (server.next_hop && server.next_hop->local);
    return is_own && state.services[server.service].router && is_hosts(state, vip) &&
           address.is_v4() == vip.is_v4();
}

bool is_kernels_server(const State& state, const ServerRecord& server) {
    if (is_local_server(state, server)) return true;
    const ServiceRecord& service = state.services[server.service];
    const config::LbKind kind = server.config->kind_in(*service.config);
    return server.next_hop && server.next_hop->kernel_forwards && service.router &&
           is_hosts(state, service.config->address) &&
           server.config->address.is_v4() == service.config->address.is_v4() &&
           (kind == config::LbKind::nat || kind == config::LbKind::fnat) &&
           service.config->proxy_protocol == net::ProxyVersion::none;
}

const net::IpAddress& local_address(const State& state, const ServerRecord& server) {
    const net::IpAddress& address = server.config->address;
    return address.is_loopback() ? state.services[server.service].config->address : address;
}

bool has_way(const State& state, const ServerRecord& server) {
    return (server.next_hop && server.next_hop->mac) || is_kernels_server(state, server);
}

namespace {

bool is_hosts_on(const State& state, const RouterState& router, std::uint8_t port) {
    return state.config.dataplane.host_addresses && router.config->accept &&
           state.ports[port].reaches_kernel;
}

}  // namespace

bool is_hosts(const State& state, const RouterState& router) {
    return is_hosts_on(state, router, router.port);
}

bool is_hosts(const State& state, const net::IpAddress& vip) {
    const auto at = state.place_of_vip.find(vip);
    return at != state.place_of_vip.end() &&
           is_hosts_on(state, state.routers[at->second.router], at->second.port);
}

exchange::ServerState server_state(const ServerRecord& server) {
    using exchange::ServerState;
    if (!is_served(server)) return ServerState::absent;
    switch (server.health.standing()) {
        case balance::Standing::serving:
            if (!server.replaced) return ServerState::up;
            return server.is_sorry && !server.config->inhibit_on_failure ? ServerState::down
                                                                         : ServerState::drain;
        case balance::Standing::draining:
            if (server.is_last_resort && !server.replaced) return ServerState::up;
            return server.drain_is_over ? ServerState::disabled : ServerState::drain;
        case balance::Standing::down:
            break;
    }
    return server.health.admin() == balance::Admin::disabled ? ServerState::disabled
                                                             : ServerState::down;
}

balance::FlowLimit flow_limit(const ServerRecord& server) {
    return {server.config->uthreshold, server.config->lthreshold};
}

namespace {

// Of a server that is not in the VIP's network: what the host speaks from to it. Null: the VIP
// does.
const net::IpAddress* own_source(const State& state, const ServerRecord& server,
                                 const net::IpAddress& vip) {
    const auto port = port_towards(state, *server.next_hop);
    if (!port || !state.ports[*port].primary) return nullptr;
    const net::Prefix& primary = *state.ports[*port].primary;
    const bool is_it = server.next_hop->source == primary.address && !primary.contains(vip) &&
                       primary.contains(server.next_hop->gateway) &&
                       port_with(state, primary.address);
    return is_it ? &primary.address : nullptr;
}

// Null: not the same of all its servers.
const net::IpAddress* own_source(const State& state, const ServiceRecord& service) {
    const net::IpAddress* source = nullptr;
    for (const std::uint16_t index : candidates(service)) {
        const ServerRecord& server = state.servers[index];
        if (server.presence == Presence::free || !server.config->address.is_v4() ||
            server.config->kind_in(*service.config) != config::LbKind::fnat || !server.next_hop ||
            server.next_hop->local)
            continue;
        const net::IpAddress* own = own_source(state, server, service.config->address);
        if (own == nullptr || (source != nullptr && *source != *own)) return nullptr;
        source = own;
    }
    return source;
}

}  // namespace

std::vector<net::IpAddress> local_addresses(const State& state, const ServiceRecord& service) {
    std::vector<net::IpAddress> all = service.local_addresses;
    const config::VirtualServer& config = *service.config;
    if (!config.local_address_group.empty() || !config.address.is_v4() || state.config.flow_sync ||
        !is_hosts(state, config.address))
        return all;
    if (const net::IpAddress* own = own_source(state, service))
        std::replace(all.begin(), all.end(), config.address, net::IpAddress(*own));
    return all;
}

std::optional<std::uint8_t> port_with(const State& state, const net::IpAddress& address) {
    if (!state.config.dataplane.host_addresses) return std::nullopt;
    for (std::size_t i = 0; i < state.ports.size(); ++i) {
        const PortState& port = state.ports[i];
        if (port.shared && port.reaches_kernel && port.primary && port.primary->address == address)
            return static_cast<std::uint8_t>(i);
    }
    return std::nullopt;
}

bool is_shared_with_host(const State& state, const net::IpAddress& local) {
    return is_hosts(state, local) || port_with(state, local).has_value();
}

std::vector<std::uint16_t> candidates(const ServiceRecord& service) {
    std::vector<std::uint16_t> all = service.servers;
    if (service.sorry_server) all.push_back(*service.sorry_server);
    return all;
}

std::uint32_t server_weight(const ServerRecord& server) {
    return server.stands_by ? 0 : balance::effective_weight(weight_of(server), server.factor);
}

bool keeps_groups(const ServerRecord& server) {
    return is_served(server) && !server.replaced && !server.stands_by && !server.drain_is_over &&
           server.health.can_keep_clients();
}

std::unique_ptr<exchange::Snapshot> build_snapshot(const State& state, std::uint64_t generation) {
    auto snapshot = std::make_unique<exchange::Snapshot>();
    snapshot->generation = generation;
    snapshot->reset_unknown_flows =
        state.config.dataplane.unknown_flow == config::UnknownFlow::reset;
    OwnedAddresses owned(*snapshot, state);
    add_routers(*snapshot, owned, state);
    for (const ServiceRecord& service : state.services)
        add_service(*snapshot, owned, state, service);
    for (const ServerRecord& server : state.servers)
        snapshot->servers.push_back(server_of(state, server));
    for (const PortState& port : state.ports) {
        snapshot->port_mtus.push_back(port.mtu);
        snapshot->port_macs.push_back(port.mac);
        snapshot->port_ifindexes.push_back(port.shared ? port.ifindex : 0);
        snapshot->port_names.push_back(flow::interface_hash(port.name));
    }
    snapshot->port_mtus.resize(exchange::loopback_port, ethernet_mtu);
    snapshot->port_mtus.push_back(loopback_mtu);
    snapshot->kernel_addresses = state.kernel_addresses;
    snapshot->host_ports = state.host_ports;
    snapshot->capture = state.capture;
    snapshot->seal();
    return snapshot;
}

}  // namespace warren::model
