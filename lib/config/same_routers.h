// SPDX-License-Identifier: BSD-3-Clause
// Which virtual router of an earlier file one of a later file is. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace warren::config {

struct RouterName {
    std::string on_lan;  // interface, VRID, version and family, which unicast ones may share; of
                         // the host's own address that
    std::string in_file;
};
RouterName router_name(const VrrpInstance& instance);
std::vector<RouterName> router_names(const std::vector<VrrpInstance>& instances);

// Of each of `after` its position in `before`, or nothing: it is new. The LAN's name decides; of
// several that share one, the file's does, then the order.
std::vector<std::optional<std::size_t>> find_same_routers(const std::vector<RouterName>& before,
                                                          const std::vector<RouterName>& after);

// Whether two instances cannot be told apart by what arrives, as keepalived says: both are for all,
// or have a peer in common that speaks to the same address of ours.
bool share_adverts(const VrrpInstance& a, const VrrpInstance& b);

}  // namespace warren::config
