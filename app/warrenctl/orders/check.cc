// SPDX-License-Identifier: BSD-3-Clause
#include "orders/check.h"

#include <algorithm>
#include <array>
#include <exception>
#include <ostream>
#include <stdexcept>

#include "rows/fields.h"
#include "text/hints.h"

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
std::string summary(const Json& status, const std::vector<std::string>& beyond) {
    std::vector<std::string> texts = beyond;
    for (const Json& reason : status.value("reasons", Json::array()))
        texts.push_back(text(reason, "text"));
    if (texts.empty())
        return text(status, "servers_up") + " of " + text(status, "server_count") +
               " servers up, " + text(status, "masters") + " of " + text(status, "routers") +
               " master";
    const std::string worst = without_bars(texts.front());
    return texts.size() == 1 ? worst
                             : worst + " (and " + std::to_string(texts.size() - 1) + " more)";
}

struct Measure {
    const char *label, *key;
};
constexpr std::array measures{Measure{"flows", "flows"}, Measure{"servers_up", "servers_up"},
                              Measure{"servers", "server_count"}, Measure{"masters", "masters"},
                              Measure{"routers", "routers"}};

const Range* find(const std::map<std::string, Range>& ranges, const std::string& label) {
    const auto found = ranges.find(label);
    return found == ranges.end() ? nullptr : &found->second;
}

std::string performance(const Json& status, const Limits& limits) {
    std::string all;
    for (const auto& [label, key] : measures) {
        const auto found = status.find(key);
        if (found == status.end() || !found->is_number()) continue;
        all += (all.empty() ? "" : " ") + std::string(label) + "=" + found->dump();
        const Range *warning = find(limits.warning, label),
                    *critical = find(limits.critical, label);
        if (warning != nullptr || critical != nullptr)
            all += ";" + (warning == nullptr ? "" : warning->text);
        if (critical != nullptr) all += ";" + critical->text;
    }
    return all;
}

// What is not as the ranges say, in words; raises the status to `level`.
void look(const Json& status, const std::map<std::string, Range>& ranges, PluginStatus level,
          PluginStatus& worst, std::vector<std::string>& beyond) {
    for (const auto& [label, key] : measures) {
        const Range* range = find(ranges, label);
        const auto found = status.find(key);
        if (range == nullptr || found == status.end() || !found->is_number() ||
            range->holds(found->get<double>()))
            continue;
        beyond.push_back(std::string(label) + " is " + found->dump() + ", asked for is " +
                         range->text);
        worst = std::max(worst, level);
    }
}

double bound_of(const std::string& said, double none) {
    if (said.empty()) return none;
    std::size_t used = 0;
    const double value = std::stod(said, &used);
    if (used != said.size()) throw std::invalid_argument(said);
    return value;
}

Range read_range(const std::string& said) {
    Range range{.text = said};
    std::string rest = said;
    range.is_outside = rest.starts_with('@');
    if (range.is_outside) rest.erase(0, 1);
    const std::size_t colon = rest.find(':');
    const std::string low = colon == std::string::npos ? "" : rest.substr(0, colon);
    const std::string high = colon == std::string::npos ? rest : rest.substr(colon + 1);
    constexpr double endless = std::numeric_limits<double>::infinity();
    range.low = low == "~" ? -endless : bound_of(low, 0);
    range.high = bound_of(high, endless);
    if (rest.empty() || range.low > range.high) throw std::invalid_argument(said);
    return range;
}

}  // namespace

std::map<std::string, Range> read_limits(const std::vector<std::string>& said) {
    std::map<std::string, Range> ranges;
    std::vector<std::string> known;
    for (const Measure& measure : measures)
        known.emplace_back(measure.label);
    for (const std::string& one : said) {
        const std::string label = one.substr(0, one.find('='));
        if (std::find(known.begin(), known.end(), label) == known.end())
            throw std::invalid_argument(unknown_word("number", label, known));
        try {
            ranges[label] = read_range(one.substr(std::min(label.size() + 1, one.size())));
        } catch (const std::logic_error&) {
            throw std::invalid_argument("no range: " + one +
                                        " (after the =, as 400 at most, 2: at least, or 2:9)");
        }
    }
    return ranges;
}

PluginResult plugin_result(const Json& status, const Limits& limits) {
    PluginStatus said = status_of(text(status, "verdict"));
    std::vector<std::string> beyond;
    if (said != PluginStatus::unknown) {
        look(status, limits.critical, PluginStatus::critical, said, beyond);
        const bool is_critical = !beyond.empty();
        if (!is_critical) look(status, limits.warning, PluginStatus::warning, said, beyond);
    }
    return {said, std::string("WARREN ") + name(said) + " - " + summary(status, beyond) + " | " +
                      performance(status, limits)};
}

int check(const std::string& instance, const Limits& limits, std::ostream& out) {
    PluginResult result;
    try {
        Telemetry telemetry(instance);
        const std::vector<Json> rows = telemetry.rows("status");
        result = plugin_result(rows.empty() ? Json::object() : rows.front(), limits);
    } catch (const std::exception& error) {
        result.line = std::string("WARREN UNKNOWN - ") + without_bars(error.what());
    }
    out << result.line << '\n';
    return static_cast<int>(result.status);
}

}  // namespace warren::ctl
