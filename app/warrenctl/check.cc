// SPDX-License-Identifier: BSD-3-Clause
#include "check.h"

#include <algorithm>
#include <exception>
#include <ostream>
#include <utility>

#include "fields.h"

namespace warren::ctl {
namespace {

PluginStatus status_of(const std::string& verdict) {
    if (verdict == "ok") return PluginStatus::ok;
    if (verdict == "degraded") return PluginStatus::warning;
    if (verdict == "down") return PluginStatus::critical;
    return PluginStatus::unknown;
}

const char* name(PluginStatus status) {
    constexpr const char* names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
    return names[static_cast<int>(status)];
}

// A bar would begin the performance data.
std::string without_bars(std::string text) {
    std::replace(text.begin(), text.end(), '|', '/');
    return text;
}

// The worst one; the others are a number.
std::string summary(const Json& status) {
    const Json reasons = status.value("reasons", Json::array());
    if (reasons.empty())
        return text(status, "servers_up") + " of " + text(status, "server_count") +
               " servers up, " + text(status, "masters") + " of " + text(status, "routers") +
               " master";
    const std::string worst = without_bars(text(reasons.front(), "text"));
    return reasons.size() == 1 ? worst
                               : worst + " (and " + std::to_string(reasons.size() - 1) + " more)";
}

std::string performance(const Json& status) {
    std::string all;
    for (const auto& [label, key] :
         {std::pair{"flows", "flows"}, std::pair{"servers_up", "servers_up"},
          std::pair{"servers", "server_count"}, std::pair{"masters", "masters"},
          std::pair{"routers", "routers"}})
        if (const auto found = status.find(key); found != status.end() && found->is_number())
            all += (all.empty() ? "" : " ") + std::string(label) + "=" + found->dump();
    return all;
}

}  // namespace

PluginResult plugin_result(const Json& status) {
    const PluginStatus said = status_of(text(status, "verdict"));
    return {said, std::string("WARREN ") + name(said) + " - " + summary(status) + " | " +
                      performance(status)};
}

int check(const std::string& instance, std::ostream& out) {
    PluginResult result;
    try {
        Telemetry telemetry(instance);
        const std::vector<Json> rows = telemetry.rows("status");
        result = plugin_result(rows.empty() ? Json::object() : rows.front());
    } catch (const std::exception& error) {
        result.line = std::string("WARREN UNKNOWN - ") + without_bars(error.what());
    }
    out << result.line << '\n';
    return static_cast<int>(result.status);
}

}  // namespace warren::ctl
