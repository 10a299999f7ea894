// SPDX-License-Identifier: BSD-3-Clause
#include "past/events.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <ostream>
#include <string_view>

#include "past/ended.h"
#include "rows/fields.h"
#include "rows/table.h"

namespace warren::ctl {
namespace {

constexpr std::array<std::string_view, 9> kinds{"process", "config", "link",   "vrrp", "server",
                                                "check",   "track",  "script", "sync"};
constexpr std::array subjects{"router", "interface", "service", "server", "client", "tracked"};
constexpr std::array<std::string_view, 3> levels{"info", "warning", "error"};

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

// An address is all of its ports.
bool is_about(const Json& row, const std::string& name) {
    return std::any_of(subjects.begin(), subjects.end(),
                       [&](const char* subject) { return is_endpoint(text(row, subject), name); });
}

bool is_wanted(const Json& row, const EventFilter& filter) {
    if (event_level(text(row, "level")) < event_level(filter.level)) return false;
    bool any_kind = false;
    bool kind_matches = false;
    const std::string said = lower(text(row, "text"));
    for (const std::string& word : filter.words) {
        const std::string wanted = lower(word);
        if (std::find(kinds.begin(), kinds.end(), wanted) != kinds.end()) {
            any_kind = true;
            kind_matches = kind_matches || text(row, "kind") == wanted;
        } else if (said.find(wanted) == std::string::npos && text(row, "cause") != wanted) {
            return false;
        }
    }
    for (const std::string& name : filter.names)
        if (!is_about(row, name)) return false;
    return !any_kind || kind_matches;
}

const std::vector<Column> event_columns{
    {"TIME", Align::left, when},
    {"KIND", Align::left, [](const Json& r) { return text(r, "kind"); }, 2},
    {"LEVEL", Align::left, [](const Json& r) { return text(r, "level"); }, 1},
    {"EVENT", Align::left, [](const Json& r) { return text(r, "text"); }, 0, TooLong::wrap},
};

}  // namespace

std::vector<std::string> event_kind_names() {
    return {kinds.begin(), kinds.end()};
}

int event_level(const std::string& name) {
    const auto found = std::find(levels.begin(), levels.end(), name);
    return found == levels.end() ? -1 : static_cast<int>(found - levels.begin());
}

void print_events(Telemetry& telemetry, const EventFilter& filter, const Choice& choice,
                  const Output& output) {
    print_list(telemetry, "events", choice, [&](const Json& row) { return is_wanted(row, filter); },
               {event_columns, output});
}

}  // namespace warren::ctl
