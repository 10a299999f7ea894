// SPDX-License-Identifier: BSD-3-Clause
// Which virtual routers move together: those of one vrrp_sync_group, and those that one service
// needs on one machine: its VIP's and its local addresses' (replies come back to these).
#pragma once

#include <cstdint>
#include <vector>

#include "config/config.h"

namespace warren::config {

inline constexpr std::uint16_t no_sync_group = 0xffff;

// For each of config.vrrp_instances a number that its group shares; no_sync_group: it moves alone.
std::vector<std::uint16_t> sync_groups(const Config& config);

// Reports what is wrong with the groups, and leaves out who is in one already.
syntax::Diagnostics check_sync_groups(Config& config);

}  // namespace warren::config
