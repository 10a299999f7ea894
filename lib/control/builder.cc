// SPDX-License-Identifier: BSD-3-Clause
#include "control/builder.h"

#include <linux/if_addr.h>

#include <algorithm>
#include <unordered_set>

namespace warren::control {
namespace {

constexpr std::uint16_t loopback_mtu = 65'535;
constexpr net::Ipv6Bytes ipv6_loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

// Locally administered; nobody on a wire ever sees it.
net::MacAddress local_server_mac(std::uint16_t server) {
    return {{2, 0, 0, 0, static_cast<std::uint8_t>(server >> 8),
             static_cast<std::uint8_t>(server & 0xff)}};
}

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

    void add(const net::IpAddress& address, std::uint16_t router, bool is_hosts) {
        if (!known_.insert(address).second) return;
        const std::uint8_t port = state_.routers[router].port;
        snapshot_.addresses.push_back(
            {address, mac_on(state_, router, port), router, port, is_hosts});
    }

  private:
    exchange::Snapshot& snapshot_;
    const State& state_;
    std::unordered_set<net::IpAddress, net::IpAddressHash> known_;
};

void add_routers(exchange::Snapshot& snapshot, OwnedAddresses& owned, const State& state) {
    for (std::size_t i = 0; i < state.routers.size(); ++i) {
        const RouterState& router = state.routers[i];
        const vrrp::Settings& settings = router.plan->settings;
        snapshot.virtual_routers.push_back({settings.vrid, router.port,
                                            vrrp::Instance(settings).ownership_lease_ns(),
                                            router.plan->source_mac, router.config->accept});
        for (const auto* list :
             {&router.config->virtual_ipaddress, &router.config->virtual_ipaddress_excluded})
            for (const config::VirtualAddress& vip : *list)
                owned.add(vip.prefix.address, static_cast<std::uint16_t>(i),
                          is_hosts(state, router));
    }
}

void add_service(exchange::Snapshot& snapshot, OwnedAddresses& owned, const ServiceRecord& record) {
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
    service.established_timeout_ns =
        static_cast<std::uint64_t>(record.config->establish_timeout_ns);
    service.servers = candidates(record);
    const std::uint8_t whole_address = service.address.is_v4() ? 32 : 128;
    service.persistence = {static_cast<std::uint64_t>(record.config->persistence_timeout_ns),
                           record.config->persistence_granularity.value_or(whole_address)};
    service.local_addresses = record.local_addresses;
    // Those of a removed one hear of its flows' end.
    if (record.router)
        for (const net::IpAddress& local : service.local_addresses)
            owned.add(local, *record.router, false);
    snapshot.services.push_back(std::move(service));
}

std::optional<std::uint8_t> port_towards(const State& state, const NextHop& hop) {
    for (std::size_t i = 0; i < state.ports.size(); ++i)
        if (state.ports[i].ifindex == hop.ifindex && hop.ifindex != 0)
            return static_cast<std::uint8_t>(i);
    return std::nullopt;
}

// DR needs the server itself on the link: a router would send the VIP's packets back to us. TUN
// needs an address that its outer header can come from: the kernel's choice for that route, as in
// IPVS. The VIP cannot be it, for the servers have the VIP too and take its packets for forged.
void add_method(exchange::Server& server, const NextHop& hop) {
    if (server.method == flow::Method::dr && hop.gateway != server.address)
        server.reachable = false;
    if (server.method != flow::Method::tun) return;
    if (hop.source)
        server.tunnel_source = *hop.source;
    else
        server.reachable = false;
}

// This host itself (IPVS's local node), whatever the forwarding method: its kernel gets the
// client's packets unchanged by way of lo, finds there which of its servers is meant (the link's
// source says it) and answers the client itself, as in DR.
void add_local_way(exchange::Server& server, const State& state, const ServerRecord& record) {
    server.reachable = true;
    server.method = flow::Method::dr;
    server.out_port = static_cast<std::uint8_t>(state.ports.size());
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
    server.limit = flow_limit(record);
    server.service = record.service;
    server.method = method(record.config->kind_in(service));
    if (is_local_server(state, record)) add_local_way(server, state, record);
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

// Each is either the host's too, then only our part of it is hidden, or ours alone. The first
// address of the interface stays the host's way in.
void add_guarded_addresses(GuardRules& rules, const State& state,
                           const exchange::Snapshot& snapshot, std::uint8_t port) {
    rules.link_local = state.ports[port].link_local;
    rules.first_host_port = state.host_ports.first;
    rules.last_host_port = state.host_ports.last;
    const auto& primary = state.ports[port].primary;
    for (const exchange::OwnedAddress& owned : snapshot.addresses) {
        if (owned.port != port) continue;
        const bool is_primary = primary && primary->address == owned.address;
        if (!is_primary) rules.silent.push_back(owned.address);
        if (!owned.is_hosts && !is_primary) rules.addresses.push_back(owned.address);
        if (owned.is_hosts && owned.mac != state.ports[port].mac)
            rules.senders.emplace_back(owned.mac, owned.address);
    }
    for (const exchange::Service& service : snapshot.services) {
        const auto* owned = snapshot.find_address(service.address);
        if (owned != nullptr && owned->is_hosts && owned->port == port && service.port.host() != 0)
            rules.services.emplace_back(service.address, service.port.host());
        for (const net::IpAddress& local : service.local_addresses)
            if (const auto* own = snapshot.find_address(local);
                own != nullptr && own->is_hosts && own->port == port)
                rules.local_addresses.push_back(local);
    }
}

// An IPv6 address is deprecated unless the file says otherwise: the host's own connections and our
// checks are not to leave from an address that moves, and only that keeps the kernel from it.
KernelAddress kernel_address(const config::VrrpInstance& instance,
                             const config::VirtualAddress& vip) {
    const bool v4 = vip.prefix.address.is_v4();
    KernelAddress address{.interface = vip.device.empty() ? instance.interface : vip.device,
                          .prefix = vip.prefix,
                          .peer = vip.peer,
                          .broadcast = vip.broadcast,
                          .label = vip.label,
                          .scope = vip.scope};
    const auto set_if = [&](bool is_set, std::uint32_t flag) {
        if (is_set) address.flags |= flag;
    };
    set_if(!v4 && vip.nodad, IFA_F_NODAD);
    set_if(!v4 && vip.home, IFA_F_HOMEADDRESS);
    set_if(!v4 && vip.mngtmpaddr, IFA_F_MANAGETEMPADDR);
    set_if(vip.noprefixroute, IFA_F_NOPREFIXROUTE);
    set_if(vip.autojoin, IFA_F_MCAUTOJOIN);
    address.preferred_lft = vip.preferred_lft.value_or(v4 ? KernelAddress::for_ever : 0);
    return address;
}

void add_kernel_addresses(std::vector<KernelAddress>& all, const config::VrrpInstance& instance) {
    for (const auto* list : {&instance.virtual_ipaddress, &instance.virtual_ipaddress_excluded})
        for (const config::VirtualAddress& vip : *list)
            all.push_back(kernel_address(instance, vip));
}

constexpr std::uint8_t address_owner = 255;  // of RFC 9568: it has the address anyway

}  // namespace

bool is_local_server(const State& state, const ServerRecord& server) {
    const auto router = state.services[server.service].router;
    const net::IpAddress& address = server.config->address;
    const bool is_loopback =
        address.is_v4() ? address.bytes()[12] == 127 : address == net::IpAddress::v6(ipv6_loopback);
    return server.next_hop && server.next_hop->local && !is_loopback && router &&
           is_hosts(state, state.routers[*router]) &&
           address.is_v4() == state.services[server.service].config->address.is_v4();
}

bool has_way(const State& state, const ServerRecord& server) {
    return (server.next_hop && server.next_hop->mac) || is_local_server(state, server);
}

bool is_hosts(const State& state, const RouterState& router) {
    return state.config.dataplane.host_addresses && router.config->accept &&
           state.ports[router.port].reaches_kernel;
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
            return ServerState::drain;
        case balance::Standing::down:
            break;
    }
    return server.health.admin() == balance::Admin::disabled ? ServerState::disabled
                                                             : ServerState::down;
}

balance::FlowLimit flow_limit(const ServerRecord& server) {
    return {server.config->uthreshold, server.config->lthreshold};
}

std::vector<std::uint16_t> candidates(const ServiceRecord& service) {
    std::vector<std::uint16_t> all = service.servers;
    if (service.sorry_server) all.push_back(*service.sorry_server);
    return all;
}

std::uint32_t server_weight(const ServerRecord& server) {
    return balance::effective_weight(server.config->weight, server.factor);
}

std::unique_ptr<exchange::Snapshot> build_snapshot(const State& state, std::uint64_t generation) {
    auto snapshot = std::make_unique<exchange::Snapshot>();
    snapshot->generation = generation;
    snapshot->reset_unknown_flows =
        state.config.dataplane.unknown_flow == config::UnknownFlow::reset;
    OwnedAddresses owned(*snapshot, state);
    add_routers(*snapshot, owned, state);
    for (const ServiceRecord& service : state.services)
        add_service(*snapshot, owned, service);
    for (const ServerRecord& server : state.servers)
        snapshot->servers.push_back(server_of(state, server));
    for (const PortState& port : state.ports) {
        snapshot->port_mtus.push_back(port.mtu);
        snapshot->port_macs.push_back(port.mac);
        snapshot->port_ifindexes.push_back(port.shared ? port.ifindex : 0);
    }
    snapshot->port_mtus.push_back(loopback_mtu);
    snapshot->kernel_addresses = state.kernel_addresses;
    snapshot->host_ports = state.host_ports;
    snapshot->seal();
    return snapshot;
}

GuardRules guard_rules(const State& state, const exchange::Snapshot& snapshot, std::uint8_t port) {
    GuardRules rules;
    add_guarded_addresses(rules, state, snapshot, port);
    // On every port: where a server's replies come in is the server's routes' choice.
    for (const exchange::Server& server : snapshot.servers)
        if (server.method == flow::Method::nat)
            rules.nat_servers.emplace_back(server.address, server.port.host());
        else if (server.method == flow::Method::fnat && server.port.host() != 0)
            rules.fnat_servers.emplace_back(server.address, server.port.host());
    if (!rules.nat_servers.empty()) {
        rules.kernel_addresses = state.kernel_addresses;
        for (const exchange::OwnedAddress& owned : snapshot.addresses)
            if (owned.is_hosts) rules.kernel_addresses.push_back(owned.address);
    }
    for (const RouterState& router : state.routers) {
        if (router.port != port) continue;
        rules.vrids.push_back(router.plan->settings.vrid);
        if (router.plan->source_mac != state.ports[port].mac && is_hosts(state, router) &&
            router.status.state == vrrp::State::master)
            rules.heard_macs.push_back(router.plan->source_mac);
    }
    return rules;
}

std::vector<KernelAddress> host_addresses(const State& state) {
    std::vector<KernelAddress> all;
    if (!state.config.dataplane.host_addresses) return all;
    for (const RouterState& router : state.routers)
        if (router.status.state == vrrp::State::master) add_kernel_addresses(all, *router.config);
    return all;
}

std::vector<KernelAddress> possible_host_addresses(const config::Config& config) {
    std::vector<KernelAddress> all;
    for (const config::VrrpInstance& instance : config.vrrp_instances) {
        if (instance.priority == address_owner) continue;
        const std::size_t first = all.size();
        add_kernel_addresses(all, instance);
        const std::size_t end = all.size();
        for (std::size_t i = first; i < end && instance.use_vmac; ++i) {
            KernelAddress on_macvlan = all[i];
            on_macvlan.interface = instance.vmac_name.empty()
                                       ? "vrrp." + std::to_string(instance.virtual_router_id)
                                       : instance.vmac_name;
            all.push_back(std::move(on_macvlan));
        }
    }
    return all;
}

// As the checks see it: a server's health factor is for the workers' flows. Other families cannot
// be translated to.
std::vector<LocalService> local_services(const State& state) {
    std::vector<LocalService> all;
    for (const ServiceRecord& record : state.services) {
        if (!is_served(record) || !record.router) continue;
        const RouterState& router = state.routers[*record.router];
        if (router.status.state != vrrp::State::master || !is_hosts(state, router)) continue;
        LocalService service{record.config->address, record.config->port, {}, {}};
        for (const std::uint16_t index : candidates(record)) {
            const ServerRecord& server = state.servers[index];
            if (is_local_server(state, server))
                service.own.push_back(
                    {local_server_mac(index), server.config->address, server.config->port});
            if (server_state(server) == exchange::ServerState::up && server.config->weight != 0 &&
                server.config->address.is_v4() == service.vip.is_v4())
                service.targets.push_back(
                    {server.config->address, server.config->port, server.config->weight});
        }
        all.push_back(std::move(service));
    }
    return all;
}

}  // namespace warren::control
