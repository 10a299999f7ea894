// SPDX-License-Identifier: BSD-3-Clause
#include "ended.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <string_view>

#include "table.h"

namespace warren::ctl {
namespace {

constexpr std::array<std::string_view, 11> causes{
    "client_fin", "server_fin", "client_reset", "server_reset", "server_down", "idle",
    "admin",      "refused",    "unanswered",   "no_server",    "limit"};

std::string field(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found == row.end() || !found->is_string() ? "-" : found->get<std::string>();
}

// "10.0.0.9" is any port of it, "10.0.0.9:4000" that one; IPv6 addresses stand in brackets when a
// port follows.
bool is_endpoint(const std::string& endpoint, const std::string& wanted) {
    return endpoint == wanted || endpoint.rfind(wanted + ":", 0) == 0 ||
           endpoint.rfind("[" + wanted + "]:", 0) == 0;
}

const std::vector<Column> columns{
    {"TIME", Align::left, [](const Json& r) { return field(r, "time"); }},
    {"CLIENT", Align::left, [](const Json& r) { return field(r, "client"); }},
    {"SERVICE", Align::left, [](const Json& r) { return field(r, "service"); }},
    {"SERVER", Align::left, [](const Json& r) { return field(r, "server"); }},
    {"CAUSE", Align::left, [](const Json& r) { return field(r, "cause"); }},
};

}  // namespace

std::string ended_causes() {
    std::string all;
    for (const std::string_view cause : causes)
        all += (all.empty() ? "" : "|") + std::string(cause);
    return all;
}

std::optional<EndedFilter> EndedFilter::parse(const std::vector<std::string>& words) {
    EndedFilter filter;
    if (words.size() % 2 != 0) return std::nullopt;
    for (std::size_t i = 0; i < words.size(); i += 2) {
        if (words[i] == "client")
            filter.client = words[i + 1];
        else if (words[i] == "server")
            filter.server = words[i + 1];
        else if (words[i] == "cause" &&
                 std::find(causes.begin(), causes.end(), words[i + 1]) != causes.end())
            filter.cause = words[i + 1];
        else
            return std::nullopt;
    }
    return filter;
}

bool EndedFilter::matches(const Json& row) const {
    return (client.empty() || is_endpoint(field(row, "client"), client)) &&
           (server.empty() || is_endpoint(field(row, "server"), server)) &&
           (cause.empty() || field(row, "cause") == cause);
}

void print_ended(Telemetry& telemetry, const EndedFilter& filter, bool as_json, std::ostream& out) {
    std::vector<Json> rows = telemetry.rows("ended");
    std::erase_if(rows, [&](const Json& row) { return !filter.matches(row); });
    if (as_json)
        out << Json(rows).dump(2) << '\n';
    else
        print_table(out, columns, rows);
}

}  // namespace warren::ctl
