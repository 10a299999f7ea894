// SPDX-License-Identifier: BSD-3-Clause
#include "config/local_addresses.h"

#include <algorithm>
#include <string>

#include "config/sync_groups.h"

namespace warren::config {
namespace {

bool has_family(const std::vector<net::IpAddress>& addresses, bool v4) {
    return std::any_of(addresses.begin(), addresses.end(),
                       [v4](const net::IpAddress& a) { return a.is_v4() == v4; });
}

std::vector<const RealServer*> fnat_servers(const VirtualServer& service) {
    std::vector<const RealServer*> servers;
    const auto add = [&](const RealServer& r) {
        if (r.kind_in(service) == LbKind::fnat) servers.push_back(&r);
    };
    std::for_each(service.real_servers.begin(), service.real_servers.end(), add);
    if (service.sorry_server) add(*service.sorry_server);
    return servers;
}

template <typename Visit>
void for_each_address(const VrrpInstance& instance, Visit visit) {
    for (const auto* list : {&instance.virtual_ipaddress, &instance.virtual_ipaddress_excluded})
        for (const VirtualAddress& address : *list)
            visit(address);
}

}  // namespace

LocalAddresses::LocalAddresses(const Config& config)
    : config_(config), groups_(sync_groups(config)) {
    for (std::size_t i = 0; i < config.vrrp_instances.size(); ++i)
        for_each_address(config.vrrp_instances[i], [&](const VirtualAddress& address) {
            owners_.emplace(address.prefix.address, i);
        });
}

std::vector<net::IpAddress> LocalAddresses::of(const VirtualServer& service) const {
    std::vector<net::IpAddress> addresses;
    if (const auto* group = config_.find_local_address_group(service.local_address_group))
        for (const LocalAddressGroup::Member& member : group->members)
            addresses.push_back(member.address);
    else
        addresses.push_back(service.address);
    for (const RealServer* server : fnat_servers(service))
        if (!has_family(addresses, server->address.is_v4()))
            if (const VirtualAddress* address = moving_with(service, server->address.is_v4()))
                addresses.push_back(address->prefix.address);
    return addresses;
}

const VirtualAddress* LocalAddresses::moving_with(const VirtualServer& service, bool v4) const {
    const auto& instances = config_.vrrp_instances;
    const auto owner = owners_.find(service.address);
    if (owner == owners_.end()) return nullptr;
    const std::size_t own = owner->second;
    const std::vector<const RealServer*> servers = fnat_servers(service);
    const VirtualAddress* best = nullptr;
    int best_rank = 0;
    for (std::size_t i = 0; i < instances.size(); ++i) {
        const bool together =
            i == own || (groups_[own] != no_sync_group && groups_[i] == groups_[own]);
        if (!together) continue;
        for_each_address(instances[i], [&](const VirtualAddress& address) {
            if (address.prefix.address.is_v4() != v4 || address.prefix.address.is_link_local())
                return;
            const bool near_servers = std::any_of(
                servers.begin(), servers.end(),
                [&](const RealServer* server) { return address.prefix.contains(server->address); });
            const int rank = 1 + (i == own ? 1 : 0) + (near_servers ? 2 : 0);
            if (rank <= best_rank) return;
            best = &address;
            best_rank = rank;
        });
    }
    return best;
}

syntax::Diagnostics LocalAddresses::find_missing() const {
    syntax::Diagnostics found;
    for (const VirtualServer& service : config_.virtual_servers) {
        const std::vector<net::IpAddress> addresses = of(service);
        for (const RealServer* server : fnat_servers(service)) {
            if (has_family(addresses, server->address.is_v4())) continue;
            found.push_back({server->where, syntax::Severity::error,
                             "the server " + server->address.to_string() +
                                 " needs a local address of its family: put one into "
                                 "virtual_ipaddress_excluded beside the VIP, or name a "
                                 "local_address_group by laddr_group_name"});
        }
    }
    return found;
}

}  // namespace warren::config
