// SPDX-License-Identifier: BSD-3-Clause
// From a vrrp_instance of the configuration and its port's state to what the control lcore runs.
// Pure.
#pragma once

#include "config/config.h"
#include "control/state.h"
#include "control/vrrp_link.h"

namespace warren::control {

// `port_index` is the port of the instance's interface, `group` its sync group or no_group.
RouterPlan make_plan(const config::VrrpInstance& instance, const PortState& port,
                     std::uint8_t port_index, std::uint16_t group = no_group);

// What an instance's tracked interfaces make of it. `is_up` answers for a name.
struct Tracking {
    int priority = 0;
    bool fault = false;
    friend bool operator==(const Tracking&, const Tracking&) = default;
};
Tracking track(const config::VrrpInstance& instance,
               const std::function<bool(const std::string&)>& is_up);

}  // namespace warren::control
