// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl check`: the verdict as Nagios, Icinga and their kin read it: one line with performance
// data, and the exit status that says the same (monitoring-plugins.org, Plugin Output).
#pragma once

#include <iosfwd>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "asking/telemetry.h"

namespace warren::ctl {

enum class PluginStatus { ok = 0, warning = 1, critical = 2, unknown = 3 };

struct PluginResult {
    PluginStatus status = PluginStatus::unknown;
    std::string line;
};

// What a number may be, as plugins write it: "400" is 0 to 400, "2:" 2 or more, "~:9" 9 or less,
// "2:9" between; "@2:9" not that.
struct Range {
    double low = 0, high = std::numeric_limits<double>::infinity();
    bool is_outside = false;
    std::string text;

    bool holds(double value) const { return (low <= value && value <= high) != is_outside; }
};

// By the number's name in the performance data.
struct Limits {
    std::map<std::string, Range> warning, critical;
};
// Of "flows=400", ...; throws std::invalid_argument.
std::map<std::string, Range> read_limits(const std::vector<std::string>& said);

// Of the view "status".
PluginResult plugin_result(const Json& status, const Limits& limits = {});

// The exit status. Whatever keeps it from knowing is a line of UNKNOWN.
int check(const std::string& instance, const Limits& limits, std::ostream& out);

}  // namespace warren::ctl
