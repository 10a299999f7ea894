// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl check`: the verdict as Nagios, Icinga and their kin read it: one line with performance
// data, and the exit status that says the same (monitoring-plugins.org, Plugin Output).
#pragma once

#include <iosfwd>
#include <string>

#include "telemetry.h"

namespace warren::ctl {

enum class PluginStatus { ok = 0, warning = 1, critical = 2, unknown = 3 };

struct PluginResult {
    PluginStatus status = PluginStatus::unknown;
    std::string line;
};

// Of the view "status".
PluginResult plugin_result(const Json& status);

// The exit status. Whatever keeps it from knowing is a line of UNKNOWN.
int check(const std::string& instance, std::ostream& out);

}  // namespace warren::ctl
