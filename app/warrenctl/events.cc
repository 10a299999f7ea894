// SPDX-License-Identifier: BSD-3-Clause
#include "events.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <ostream>
#include <string_view>

#include "fields.h"
#include "table.h"

namespace warren::ctl {
namespace {

constexpr std::array<std::string_view, 9> kinds{"process", "config", "link",   "vrrp", "server",
                                                "check",   "track",  "script", "sync"};

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

bool is_wanted(const Json& row, const std::vector<std::string>& words) {
    bool any_kind = false;
    bool kind_matches = false;
    const std::string said = lower(text(row, "text"));
    for (const std::string& word : words) {
        const std::string wanted = lower(word);
        if (std::find(kinds.begin(), kinds.end(), wanted) != kinds.end()) {
            any_kind = true;
            kind_matches = kind_matches || text(row, "kind") == wanted;
        } else if (said.find(wanted) == std::string::npos) {
            return false;
        }
    }
    return !any_kind || kind_matches;
}

const std::vector<Column> event_columns{
    {"TIME", Align::left, [](const Json& r) { return text(r, "time"); }},
    {"KIND", Align::left, [](const Json& r) { return text(r, "kind"); }},
    {"LEVEL", Align::left, [](const Json& r) { return text(r, "level"); }},
    {"EVENT", Align::left, [](const Json& r) { return text(r, "text"); }},
};

}  // namespace

void print_events(Telemetry& telemetry, const std::vector<std::string>& words, bool as_json,
                  std::ostream& out) {
    std::vector<Json> rows = telemetry.rows("events");
    std::erase_if(rows, [&](const Json& row) { return !is_wanted(row, words); });
    if (as_json)
        out << Json(rows).dump(2) << '\n';
    else
        print_table(out, event_columns, rows);
}

}  // namespace warren::ctl
