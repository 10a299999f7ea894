// SPDX-License-Identifier: BSD-3-Clause
#include "past/ended.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <ostream>
#include <stdexcept>
#include <string_view>

#include "rows/fields.h"
#include "rows/table.h"
#include "text/hints.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

constexpr std::array<std::string_view, 20> causes{
    "client_fin", "server_fin", "client_reset", "server_reset", "server_down",
    "idle",       "disabled",   "drained",      "removed",      "reset",
    "rebalance",  "refused",    "unanswered",   "no_server",    "no_port",
    "table_full", "takeover",   "moved",        "stale",        "stray"};

// Words for several of them.
struct Group {
    std::string_view name;
    std::array<std::string_view, 4> causes;
};
constexpr std::array groups{Group{"admin", {"disabled", "drained", "removed", "reset"}},
                            Group{"limit", {"no_port", "table_full"}}};

bool is_of_cause(const std::string& cause, const std::string& wanted) {
    const auto group = std::find_if(groups.begin(), groups.end(),
                                    [&](const Group& g) { return g.name == wanted; });
    return group == groups.end() ? cause == wanted
                                 : std::find(group->causes.begin(), group->causes.end(), cause) !=
                                       group->causes.end();
}

bool is_group(const std::string& word) {
    return std::any_of(groups.begin(), groups.end(),
                       [&](const Group& group) { return group.name == word; });
}

// As the rows have it, or empty: no address.
std::string normal(const std::string& address) {
    std::array<unsigned char, 16> bytes{};
    std::array<char, INET6_ADDRSTRLEN> text{};
    for (const int family : {AF_INET, AF_INET6})
        if (inet_pton(family, address.c_str(), bytes.data()) == 1)
            return inet_ntop(family, bytes.data(), text.data(), text.size());
    return {};
}

bool is_port(const std::string& text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

}  // namespace

bool is_endpoint(const std::string& endpoint, const std::string& wanted) {
    return endpoint == wanted || endpoint.rfind(wanted + ":", 0) == 0 ||
           endpoint.rfind("[" + wanted + "]:", 0) == 0;
}

std::string read_end(const std::string& text) {
    if (std::string whole = normal(text); !whole.empty()) return whole;
    const std::size_t colon = text.rfind(':');
    if (colon != std::string::npos && is_port(text.substr(colon + 1))) {
        const bool in_brackets = colon >= 2 && text.front() == '[' && text[colon - 1] == ']';
        const std::string address =
            normal(in_brackets ? text.substr(1, colon - 2) : text.substr(0, colon));
        const bool v6 = address.find(':') != std::string::npos;
        if (!address.empty() && v6 == in_brackets)
            return (v6 ? "[" + address + "]" : address) + text.substr(colon);
    }
    throw std::invalid_argument("\"" + text +
                                "\" is no address: 10.0.0.9, 10.0.0.9:4000, 2001:db8::9 or "
                                "[2001:db8::9]:4000");
}

bool has_port(const std::string& end) {
    return end.starts_with('[') || (end.find('.') != end.npos && end.find(':') != end.npos);
}

namespace {

std::string read_cause(const std::string& text) {
    if (std::find(causes.begin(), causes.end(), text) != causes.end() || is_group(text))
        return text;
    std::vector<std::string> known = ended_cause_names();
    for (const Group& group : groups)
        known.emplace_back(group.name);
    throw std::invalid_argument(unknown_word("cause", text, known));
}

const std::vector<Column> ended_columns{
    {"TIME", Align::left, when},
    {"CLIENT", Align::left, [](const Json& r) { return text(r, "client"); }, 0, TooLong::cut_front},
    {"SERVICE", Align::left, [](const Json& r) { return text(r, "service"); }, 6},
    {"SERVER", Align::left, [](const Json& r) { return text(r, "server"); }, 1},
    {"CAUSE", Align::left, [](const Json& r) { return text(r, "cause"); }},
    {"LASTED", Align::right, [](const Json& r) { return number<duration_text>(r, "lasted_ms"); },
     2},
    {"IDLE", Align::right, [](const Json& r) { return number<duration_text>(r, "idle_ms"); }, 3},
    {"IN", Align::right, [](const Json& r) { return number<bytes_text>(r, "to_server_bytes"); }, 4},
    {"OUT", Align::right, [](const Json& r) { return number<bytes_text>(r, "to_client_bytes"); },
     4},
    {"CONNECT", Align::right, [](const Json& r) { return number<latency_text>(r, "connect_us"); },
     5},
};

const std::vector<Column> count_columns{
    {"COUNT", Align::right, [](const Json& r) { return number<count_text>(r, "count"); }},
    {"OF", Align::left, [](const Json& r) { return text(r, "name"); }},
};

// "10.0.0.9:4000" -> "10.0.0.9"
std::string host_of(const std::string& endpoint) {
    const std::string host = endpoint.substr(0, endpoint.rfind(':'));
    return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

// How many of each, the most first.
void print_counts(const std::vector<Json>& rows, const std::string& by, const Output& output) {
    std::map<std::string, std::uint64_t> counts;
    for (const Json& row : rows)
        ++counts[by == "client" ? host_of(text(row, "client")) : text(row, by.c_str())];
    std::vector<Json> sums;
    for (const auto& [name, count] : counts)
        sums.push_back({{"name", name}, {"count", count}});
    std::stable_sort(sums.begin(), sums.end(),
                     [](const Json& a, const Json& b) { return a["count"] > b["count"]; });
    if (output.is_text())
        print_table(output.out, count_columns, sums);
    else
        write_rows(output, sums);
}

}  // namespace

std::vector<std::string> ended_cause_names() {
    return {causes.begin(), causes.end()};
}

EndedFilter EndedFilter::parse(const std::vector<std::string>& words) {
    EndedFilter filter;
    for (std::size_t i = 0; i < words.size(); i += 2) {
        const bool has_value = i + 1 < words.size();
        if (words[i] == "client" && has_value)
            filter.client = read_end(words[i + 1]);
        else if (words[i] == "server" && has_value)
            filter.server = read_end(words[i + 1]);
        else if (words[i] == "service" && has_value)
            filter.service = read_end(words[i + 1]);
        else if (words[i] == "cause" && has_value)
            filter.cause = read_cause(words[i + 1]);
        else
            throw std::invalid_argument(
                has_value ? unknown_word("word", words[i], {"client", "server", "service", "cause"})
                          : "ended: " + words[i] + " needs a value behind it");
    }
    return filter;
}

bool EndedFilter::matches(const Json& row) const {
    return (client.empty() || is_endpoint(text(row, "client"), client)) &&
           (server.empty() || is_endpoint(text(row, "server"), server)) &&
           (service.empty() || is_endpoint(text(row, "service"), service)) &&
           (cause.empty() || is_of_cause(text(row, "cause"), cause));
}

void print_ended(Telemetry& telemetry, const EndedFilter& filter, const Choice& choice,
                 const std::string& by, const Output& output) {
    const Wanted wanted = [&](const Json& row) { return filter.matches(row); };
    if (by.empty())
        print_list(telemetry, "ended", choice, wanted, {ended_columns, output});
    else
        print_counts(chosen(telemetry, "ended", choice, wanted), by, output);
}

}  // namespace warren::ctl
