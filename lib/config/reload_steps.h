// SPDX-License-Identifier: BSD-3-Clause
// What another file would change, for an operator who asks before he does it. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "syntax/line_changes.h"

namespace warren::config {

struct ReloadSteps {
    // One line each: "vrrp_instance VI_1: priority 100 -> 90", "virtual_server 192.168.8.100 5672:
    // added". Empty: nothing changes. What has no value to compare is told as the text has it, with
    // file and line of the new one, or only said to have changed where there is no text.
    std::vector<std::string> lines;
    // dataplane is another, or an interface with a device of its own that `running` does not use.
    bool need_restart = false;
};
// A configuration and the text that it was read from.
struct ReadConfig {
    const Config& config;
    syntax::LineSpan lines{};
};
ReloadSteps reload_steps(const ReadConfig& running, const ReadConfig& wanted);

}  // namespace warren::config
