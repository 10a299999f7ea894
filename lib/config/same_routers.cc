// SPDX-License-Identifier: BSD-3-Clause
#include "config/same_routers.h"

#include <algorithm>

namespace warren::config {

RouterName router_name(const VrrpInstance& instance) {
    if (instance.serves_host_address)
        return {instance.interface + " " + instance.name, instance.name};
    return {instance.interface + " " + std::to_string(instance.virtual_router_id) + " " +
                std::to_string(instance.version) + (instance.is_ipv6() ? " 6" : " 4"),
            instance.name};
}

std::vector<RouterName> router_names(const std::vector<VrrpInstance>& instances) {
    std::vector<RouterName> names;
    for (const VrrpInstance& instance : instances)
        names.push_back(router_name(instance));
    return names;
}

std::vector<std::optional<std::size_t>> find_same_routers(const std::vector<RouterName>& before,
                                                          const std::vector<RouterName>& after) {
    std::vector<std::optional<std::size_t>> found(after.size());
    std::vector<bool> taken(before.size());
    for (const bool by_name_too : {true, false})
        for (std::size_t i = 0; i < after.size(); ++i)
            for (std::size_t k = 0; k < before.size() && !found[i]; ++k) {
                if (taken[k] || before[k].on_lan != after[i].on_lan ||
                    (by_name_too && before[k].in_file != after[i].in_file))
                    continue;
                found[i] = k;
                taken[k] = true;
            }
    return found;
}

bool share_adverts(const VrrpInstance& a, const VrrpInstance& b) {
    if (a.unicast_peer.empty() != b.unicast_peer.empty()) return false;
    if (a.unicast_peer.empty()) return true;
    if (a.unicast_src_ip != b.unicast_src_ip) return false;
    return std::any_of(a.unicast_peer.begin(), a.unicast_peer.end(), [&](const UnicastPeer& peer) {
        return std::any_of(b.unicast_peer.begin(), b.unicast_peer.end(),
                           [&](const UnicastPeer& p) { return p.address == peer.address; });
    });
}

}  // namespace warren::config
