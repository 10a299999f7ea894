// SPDX-License-Identifier: BSD-3-Clause
// What another file would change, for an operator who asks before he does it. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace warren::config {

struct ReloadSteps {
    // One line each: "vrrp_instance VI_1: priority 100 -> 90", "virtual_server 192.168.8.100 5672:
    // added". Empty: nothing changes. What stands in more than a line is only said to have changed.
    std::vector<std::string> lines;
    // dataplane is another, or an interface with a device of its own that `running` does not use.
    bool need_restart = false;
};
ReloadSteps reload_steps(const Config& running, const Config& wanted);

}  // namespace warren::config
