// SPDX-License-Identifier: BSD-3-Clause
// From a vrrp_instance of the configuration and its port's state to what the control lcore runs.
// Pure.
#pragma once

#include <vector>

#include "config/config.h"
#include "election/vrrp_link.h"
#include "model/state.h"

namespace warren::model {

// The advert lists as many addresses as the port's MTU carries now; the router keeps that number
// until a reload, as keepalived does.
// `port_index` is the port of the instance's interface, `group` its sync group or no_group.
election::RouterPlan make_plan(const config::VrrpInstance& instance, const PortState& port,
                               std::uint8_t port_index, std::uint16_t group = election::no_group);

// As at start, with that plan.
RouterState make_router(const config::VrrpInstance& instance, const PortState& port,
                        std::uint8_t port_index, std::uint16_t group);

// Virtual addresses that are served, but in no advert: the MTU has no room for them.
std::size_t unlisted_addresses(const RouterState& router);

// With track_src_ip, and of a unicast router as in keepalived: the source that the file names is
// none of the host's own addresses (sorted).
bool lacks_source(const config::VrrpInstance& instance, const PortState& port,
                  const std::vector<net::IpAddress>& host_addresses);

}  // namespace warren::model
