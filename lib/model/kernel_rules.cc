// SPDX-License-Identifier: BSD-3-Clause
#include "model/kernel_rules.h"

#include <linux/if_addr.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "model/builder.h"

namespace warren::model {
namespace {

// Elsewhere than where a master has it.
bool kernel_has(const State& state, const net::IpAddress& address) {
    return std::binary_search(state.kernel_addresses.begin(), state.kernel_addresses.end(),
                              address);
}

// Each is either the host's too, then only our part of it is hidden, or ours alone. The first
// address of the interface stays the host's way in.
void add_guarded_addresses(kernel::InterfaceRules& rules, const State& state,
                           const exchange::Snapshot& snapshot, std::uint8_t port) {
    rules.link_local = state.ports[port].link_local;
    rules.first_host_port = state.host_ports.first;
    rules.last_host_port = state.host_ports.last;
    const auto& primary = state.ports[port].primary;
    for (const exchange::OwnedAddress& owned : snapshot.addresses) {
        if (owned.port != port) {
            // The host of a backup may be the gateway to it; a first address stays its way in.
            const auto& first = state.ports[owned.port].primary;
            if (!owned.is_hosts && is_active(state, owned.virtual_router) &&
                !(first && first->address == owned.address))
                rules.addresses.push_back(owned.address);
            continue;
        }
        const bool is_primary = primary && primary->address == owned.address;
        if (!is_primary && !owned.kernel_answers) rules.silent.push_back(owned.address);
        if (!owned.is_hosts && !is_primary) rules.addresses.push_back(owned.address);
        // A backup that has it on lo too (DR) answers as itself.
        const bool speaks_as_master =
            is_active(state, owned.virtual_router) || !kernel_has(state, owned.address);
        if (owned.is_hosts && owned.mac != state.ports[port].mac && speaks_as_master)
            rules.senders.emplace_back(owned.mac, owned.address);
    }
    const auto is_ours_here = [&](const net::IpAddress& address) {
        const auto* owned = snapshot.find_address(address);
        return owned != nullptr && owned->is_hosts &&
               (owned->port == port || is_active(state, owned->virtual_router));
    };
    for (const exchange::Service& service : snapshot.services) {
        if (is_ours_here(service.address) && service.port.host() != 0)
            rules.services.emplace_back(service.address, service.port.host());
        std::copy_if(service.local_addresses.begin(), service.local_addresses.end(),
                     std::back_inserter(rules.local_addresses), is_ours_here);
    }
    // Flows that have begun from the VIP go on when the host's own address is taken for new ones.
    const auto is_known = [&](const net::IpAddress& address) {
        return std::find(rules.local_addresses.begin(), rules.local_addresses.end(), address) !=
               rules.local_addresses.end();
    };
    for (const ServiceRecord& record : state.services)
        for (const net::IpAddress& address : record.local_addresses)
            if (is_ours_here(address) && !is_known(address))
                rules.local_addresses.push_back(address);
}

bool is_dr(const ServiceRecord& service, const ServerRecord& server) {
    return is_served(server) && server.next_hop &&
           server.config->kind_in(*service.config) == config::LbKind::dr;
}

// A backup's host may be one of the DR servers, with the VIP on its lo: then what the master sends
// there is its own. The other balancer is known by being a server too, or by the virtual MAC.
void add_forwarded(kernel::InterfaceRules& rules, const State& state, std::uint8_t port) {
    for (const ServiceRecord& service : state.services) {
        if (!is_served(service) || !service.router || service.config->port == 0) continue;
        const RouterState& router = state.routers[*service.router];
        const net::IpAddress& vip = service.config->address;
        if (is_master(router) || router.port != port || !kernel_has(state, vip)) continue;
        const auto is_own = [&](std::uint16_t server) {
            return is_dr(service, state.servers[server]) && state.servers[server].next_hop->local;
        };
        if (!std::any_of(service.servers.begin(), service.servers.end(), is_own)) continue;
        const kernel::InterfaceRules::Endpoint endpoint{vip, service.config->port};
        if (router.plan->source_mac != state.ports[port].mac)
            rules.forwarded.emplace_back(router.plan->source_mac, endpoint);
        for (const std::uint16_t index : service.servers)
            if (const ServerRecord& server = state.servers[index];
                is_dr(service, server) && !server.next_hop->local && server.next_hop->mac)
                rules.forwarded.emplace_back(*server.next_hop->mac, endpoint);
    }
}

// An IPv6 address is deprecated unless the file says otherwise: the host's own connections and our
// checks are not to leave from an address that moves, and only that keeps the kernel from it.
kernel::KernelAddress kernel_address(const std::string& interface,
                                     const config::VirtualAddress& vip) {
    const bool v4 = vip.prefix.address.is_v4();
    kernel::KernelAddress address{.interface = vip.device.empty() ? interface : vip.device,
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
    address.returns = vip.is_tracked;
    address.preferred_lft = vip.preferred_lft.value_or(v4 ? kernel::KernelAddress::for_ever : 0);
    return address;
}

void add_kernel_addresses(std::vector<kernel::KernelAddress>& all,
                          const config::VrrpInstance& instance) {
    for (const auto* list : {&instance.virtual_ipaddress, &instance.virtual_ipaddress_excluded})
        for (const config::VirtualAddress& vip : *list)
            all.push_back(kernel_address(instance.interface, vip));
}

void add_policy(std::vector<kernel::PolicyEntry>& all, const std::vector<config::RouteLine>& routes,
                const std::vector<config::RuleLine>& rules) {
    for (const config::RouteLine& line : routes)
        all.push_back({line.route, line.is_tracked});
    for (const config::RuleLine& line : rules)
        all.push_back({line.rule, line.is_tracked});
}

constexpr std::uint8_t address_owner = 255;  // of RFC 9568: it has the address anyway

}  // namespace

kernel::InterfaceRules interface_rules(const State& state, const exchange::Snapshot& snapshot,
                                       std::uint8_t port) {
    kernel::InterfaceRules rules{.interface = state.ports[port].name,
                                 .ifindex = state.ports[port].ifindex};
    add_guarded_addresses(rules, state, snapshot, port);
    add_forwarded(rules, state, port);
    rules.is_translated = shared_sources(state).any();
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
        if (router.port != port || !speaks_vrrp(router)) continue;
        rules.vrids.push_back(router.plan->settings.vrid);
        if (router.plan->source_mac != state.ports[port].mac && is_hosts(state, router) &&
            is_master(router))
            rules.heard_macs.push_back(router.plan->source_mac);
    }
    return rules;
}

kernel::GuardRules guard_rules(const State& state, const exchange::Snapshot& snapshot) {
    kernel::GuardRules rules;
    for (std::size_t i = 0; i < state.ports.size(); ++i) {
        kernel::InterfaceRules one = interface_rules(state, snapshot, static_cast<std::uint8_t>(i));
        rules.silent.insert(rules.silent.end(), one.silent.begin(), one.silent.end());
        if (state.ports[i].shared) rules.interfaces.push_back(std::move(one));
    }
    return rules;
}

std::vector<kernel::KernelAddress> host_addresses(const State& state) {
    std::vector<kernel::KernelAddress> all;
    if (!state.config.dataplane.host_addresses) return all;
    for (const RouterState& router : state.routers)
        if (speaks_vrrp(router) && is_master(router)) add_kernel_addresses(all, *router.config);
    return all;
}

std::vector<kernel::KernelAddress> possible_host_addresses(const config::Config& config) {
    std::vector<kernel::KernelAddress> all;
    for (const config::VrrpInstance& instance : config.vrrp_instances) {
        if (instance.priority == address_owner) continue;
        const std::size_t first = all.size();
        add_kernel_addresses(all, instance);
        const std::size_t end = all.size();
        for (std::size_t i = first; i < end && instance.use_vmac; ++i) {
            kernel::KernelAddress on_macvlan = all[i];
            on_macvlan.interface = instance.vmac_name.empty()
                                       ? "vrrp." + std::to_string(instance.virtual_router_id)
                                       : instance.vmac_name;
            all.push_back(std::move(on_macvlan));
        }
    }
    return all;
}

std::set<std::string> promoting_interfaces(const config::Config& config) {
    std::set<std::string> all;
    if (!config.dataplane.host_addresses) return all;
    for (const config::VrrpInstance& instance : config.vrrp_instances) {
        if (!instance.promote_secondaries) continue;
        std::vector<kernel::KernelAddress> addresses;
        add_kernel_addresses(addresses, instance);
        for (const kernel::KernelAddress& address : addresses)
            if (address.prefix.address.is_v4()) all.insert(address.interface);
    }
    return all;
}

namespace {

// It does not move: the host may well speak from it, unless it is a /128, as in keepalived.
kernel::KernelAddress static_address(const config::VirtualAddress& address) {
    kernel::KernelAddress made = kernel_address(address.device, address);
    if (!address.preferred_lft && address.prefix.length != 128)
        made.preferred_lft = kernel::KernelAddress::for_ever;
    return made;
}

}  // namespace

std::vector<kernel::KernelAddress> static_addresses(const config::Config& config) {
    std::vector<kernel::KernelAddress> all;
    for (const config::VirtualAddress& address : config.static_addresses)
        all.push_back(static_address(address));
    return all;
}

std::vector<kernel::PolicyEntry> host_policy(const State& state) {
    std::vector<kernel::PolicyEntry> all;
    add_policy(all, state.config.static_routes, state.config.static_rules);
    for (const RouterState& router : state.routers)
        if (is_master(router))
            add_policy(all, router.config->virtual_routes, router.config->virtual_rules);
    return all;
}

std::vector<kernel::PolicyEntry> possible_host_policy(const config::Config& config) {
    std::vector<kernel::PolicyEntry> all;
    add_policy(all, config.static_routes, config.static_rules);
    for (const config::VrrpInstance& instance : config.vrrp_instances)
        add_policy(all, instance.virtual_routes, instance.virtual_rules);
    return all;
}

StaticThings things_of_group(const config::Config& config, const std::string& group) {
    StaticThings things;
    for (const config::VirtualAddress& address : config.static_addresses)
        if (address.track_group == group) things.addresses.push_back(static_address(address));
    for (const config::RouteLine& line : config.static_routes)
        if (line.track_group == group) things.policy.push_back({line.route, line.is_tracked});
    for (const config::RuleLine& line : config.static_rules)
        if (line.track_group == group) things.policy.push_back({line.rule, line.is_tracked});
    return things;
}

// As the checks see it: a server's health factor is for the workers' flows. Other families cannot
// be translated to.
std::vector<kernel::LocalService> local_services(const State& state) {
    std::vector<kernel::LocalService> all;
    for (const ServiceRecord& record : state.services) {
        if (!is_served(record) || !is_hosts(state, record.config->address)) continue;
        kernel::LocalService service{
            record.config->address, record.config->port, {}, {}, is_active(state, record.router)};
        for (const std::uint16_t index : candidates(record)) {
            const ServerRecord& server = state.servers[index];
            if (is_kernels_server(state, server))
                service.own.push_back(
                    {local_server_mac(index), local_address(state, server), server.config->port});
            if (server_state(server) == exchange::ServerState::up && weight_of(server) != 0 &&
                server.config->address.is_v4() == service.vip.is_v4())
                service.targets.push_back(
                    {local_address(state, server), server.config->port, weight_of(server)});
        }
        all.push_back(std::move(service));
    }
    return all;
}

bool leave_for_later(std::vector<kernel::LocalService>& wanted,
                     const std::vector<kernel::LocalService>& now, std::size_t most_targets) {
    constexpr std::size_t for_its_chain = 4;  // in targets
    std::map<std::pair<net::IpAddress, std::uint16_t>, const kernel::LocalService*> before;
    for (const kernel::LocalService& service : now)
        before.emplace(std::pair(service.vip, service.port), &service);
    std::vector<kernel::LocalService> part;
    std::size_t told = 0;
    bool is_any_left = false;
    for (kernel::LocalService& service : wanted) {
        const auto found = before.find({service.vip, service.port});
        const kernel::LocalService* old = found != before.end() ? found->second : nullptr;
        const bool is_same = old != nullptr && *old == service;
        const bool comes_or_goes = old != nullptr && old->is_active != service.is_active;
        if (!is_same && !comes_or_goes && told >= most_targets) {
            is_any_left = true;
            if (old != nullptr) part.push_back(*old);
            continue;
        }
        if (!is_same) told += for_its_chain + service.targets.size();
        part.push_back(std::move(service));
    }
    wanted = std::move(part);
    return is_any_left;
}

kernel::SharedSources shared_sources(const State& state) {
    kernel::SharedSources shared{{}, {}, state.host_ports.first, state.host_ports.last};
    const auto kernel_speaks_from = [&](const net::IpAddress& address) {
        return port_with(state, address) ||
               (is_hosts(state, address) && is_active(state, router_of(state, address)));
    };
    for (const ServiceRecord& service : state.services) {
        if (!is_served(service)) continue;
        const std::size_t before = shared.servers.size();
        for (const std::uint16_t index : candidates(service)) {
            const config::RealServer& server = *state.servers[index].config;
            if (server.port != 0 && server.kind_in(*service.config) == config::LbKind::fnat)
                shared.servers.emplace_back(server.address, server.port);
        }
        if (shared.servers.size() == before) continue;
        const std::vector<net::IpAddress> locals = local_addresses(state, service);
        std::copy_if(locals.begin(), locals.end(), std::back_inserter(shared.addresses),
                     kernel_speaks_from);
    }
    const auto set_of = [](auto& all) {
        std::sort(all.begin(), all.end());
        all.erase(std::unique(all.begin(), all.end()), all.end());
    };
    set_of(shared.addresses);
    set_of(shared.servers);
    return shared;
}

net::IpAddress solicited_node_group(const net::IpAddress& address) {
    const auto& b = address.bytes();
    return net::IpAddress::v6(
        {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff, b[13], b[14], b[15]});
}

std::vector<net::IpAddress> multicast_groups(const State& state, const exchange::Snapshot& snapshot,
                                             std::uint8_t port) {
    std::vector<net::IpAddress> groups;
    for (const RouterState& router : state.routers)
        if (speaks_vrrp(router) && router.port == port && !router.plan->settings.is_unicast())
            groups.push_back(router.plan->settings.multicast_group);
    for (const exchange::OwnedAddress& owned : snapshot.addresses)
        if (owned.port == port && !owned.address.is_v4())
            groups.push_back(solicited_node_group(owned.address));
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
    return groups;
}

}  // namespace warren::model
