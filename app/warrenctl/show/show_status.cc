// SPDX-License-Identifier: BSD-3-Clause
#include "show/show_status.h"

#include <algorithm>
#include <cctype>
#include <ostream>
#include <string>
#include <vector>

#include "rows/fields.h"
#include "rows/table.h"
#include "show/show_servers.h"
#include "show/show_sync.h"
#include "text/screen.h"
#include "text/times.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

using Rows = std::vector<Json>;

constexpr std::size_t head_columns = 80;  // of a pipe

const std::vector<Column> port_columns{
    {"PORT", Align::left, [](const Json& r) { return text(r, "name"); }},
    {"LINK", Align::left, [](const Json& r) { return text(r, "link"); }},
    {"DRIVER", Align::left, [](const Json& r) { return text(r, "driver"); }, 4},
    {"MAC", Align::left, [](const Json& r) { return text(r, "mac"); }, 3},
    {"ADDRESS", Align::left, [](const Json& r) { return text(r, "address"); }, 2},
    {"RX", Align::right, [](const Json& r) { return number<count_text>(r, "rx_packets"); }, 1},
    {"TX", Align::right, [](const Json& r) { return number<count_text>(r, "tx_packets"); }, 1},
    {"SPREAD", Align::left, [](const Json& r) { return text(r, "spread"); }, 5},
    {"MISSED", Align::right, [](const Json& r) { return number<count_text>(r, "rx_missed"); }, 1},
};

const std::vector<Column> router_columns{
    {"ROUTER", Align::left, [](const Json& r) { return text(r, "name"); }},
    {"STATE", Align::left, [](const Json& r) { return text(r, "state"); }},
    {"SINCE", Align::right, [](const Json& r) { return number<duration_text>(r, "since_ms"); }},
    {"PRIO", Align::right, [](const Json& r) { return spoken(r, text(r, "effective_priority")); },
     2},
    {"MASTER", Align::left, [](const Json& r) { return text(r, "master"); }, 1},
    {"STANDBY", Align::left, [](const Json& r) { return text(r, "standby"); }},
    {"FLIPS/24H", Align::right, [](const Json& r) { return text(r, "flips"); }, 3},
    {"WHY", Align::left, [](const Json& r) { return text(r, "why"); }, 4},
};

std::string upper_case(std::string word) {
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return word;
}

// A backup that is well stands by.
std::string verdict_text(const Json& status) {
    const std::string verdict = upper_case(text(status, "verdict"));
    const bool is_master = status.value("masters", 0U) != 0 || status.value("routers", 0U) == 0;
    return verdict == "OK" && !is_master ? "STANDBY" : verdict;
}

// The verdict at the right end.
void print_head(const Json& status, std::ostream& out) {
    std::string head = text(status, "instance") + "  warren " + text(status, "version") + "  up " +
                       number<duration_text>(status, "uptime_ms");
    if (const auto read_ms = time_at(status, "config_time"); read_ms != 0)
        head += "  config of " + minute_time(read_ms, wall_ms());
    const std::string verdict = verdict_text(status);
    const std::size_t columns = columns_of(out, head_columns);
    const std::size_t taken = width_of(head) + width_of(verdict);
    head += taken + 2 <= columns ? std::string(columns - taken, ' ') : "\n";
    out << head << coloured(out, verdict) << '\n';
}

// An alarm of flow sync is a reason; what to do about it stands below.
void print_reasons(const Json& status, std::ostream& out) {
    Json alarms = status.value("alarms", Json::array());
    for (const Json& reason : status.value("reasons", Json::array())) {
        const std::string said = text(reason, "text");
        out << wrapped(" !", " " + said + " -> " + text(reason, "look"),
                       columns_of(out, std::string::npos));
        // A long reason is cut.
        const auto alarm = std::find_if(alarms.begin(), alarms.end(), [&](const Json& each) {
            return text(each, "text").starts_with(said) || said.ends_with(text(each, "text"));
        });
        if (alarm == alarms.end()) continue;
        print_remedy(out, *alarm);
        alarms.erase(alarm);
    }
    print_alarms(out, alarms);
}

// Who would go on: the peers of flow sync, or that nobody knows.
std::string standby_of(const Json& router, const Json& sync) {
    if (router.value("static", false)) return "none";
    const std::string state = text(router, "state");
    if (state == "fault" || state == "initialize") return "-";
    std::string peers;
    bool follows = true;
    for (const Json& row : sync) {
        if (row.contains("peer")) peers += (peers.empty() ? "" : " ") + text(row, "peer");
        if (row.contains("peer")) follows = follows && row.value("up", false);
        if (row.contains("role") && text(row, "router") == text(router, "name"))
            follows = follows && row.value("in_sync", false);
    }
    if (peers.empty()) return state == "master" ? "not known" : "this one";
    if (state != "master") peers = "this one";
    return follows ? peers : peers + " NOT FOLLOWING";
}

Rows router_rows(const Json& status) {
    Rows rows = status["vrrp"];
    for (Json& row : rows) {
        row["standby"] = standby_of(row, status["sync"]);
        row["why"] = router_why(row);
        for (const Json& past : status["history"])
            if (text(past, "kind") == "router" && text(past, "name") == text(row, "name"))
                row["flips"] = past["flips"];
    }
    return rows;
}

std::string refusal_rate(const Json& service) {
    std::uint64_t refused = 0;
    const Json recent = service.value("refusals_10s", Json::object());
    for (const auto& [cause, count] : recent.items())
        refused += count.get<std::uint64_t>();
    return decimal_text(static_cast<double>(refused) / 10);
}

// "wlc FNAT  2/3 up  412 conn  3.1 new/s  0 refused/s"
std::string service_text(const Json& service) {
    std::string line = text(service, "lb_algo") + ' ' + text(service, "lb_kind") + "  " +
                       text(service, "servers_up") + '/' + text(service, "server_count") + " up";
    if (text(service, "quorum") != "up") line += "  quorum " + text(service, "quorum");
    if (service.value("sorry_server", false)) line += "  sorry_server serves";
    return line + "  " + number<count_text>(service, "active") + " conn  " +
           decimal(service, "connections_per_s") + " new/s  " + refusal_rate(service) +
           " refused/s";
}

// What serves as it should says nothing new.
bool is_ordinary(const Json& server) {
    return text(server, "state") == "up" && server.value("reachable", true) &&
           server.value("refused_10s", std::uint64_t{0}) == 0;
}

// As many as leave room on the screen for the rest, in their order, those that are worth a look
// before all others; returns how many are left out.
std::size_t shorten(Rows& servers) {
    constexpr std::size_t most = 12;
    const std::size_t all = servers.size();
    if (all <= most) return 0;
    std::size_t room = most;
    std::vector<bool> shown(all);
    for (const bool ordinary : {false, true})
        for (std::size_t i = 0; i < all && room > 0; ++i)
            if (is_ordinary(servers[i]) == ordinary) {
                shown[i] = true;
                --room;
            }
    Rows kept;
    for (std::size_t i = 0; i < all; ++i)
        if (shown[i]) kept.push_back(std::move(servers[i]));
    servers = std::move(kept);
    return all - most;
}

void print_services(const Json& status, std::ostream& out) {
    for (const Json& service : status["services"]) {
        Rows servers;
        for (const Json& server : status["servers"])
            if (server["service"] == service["service"]) servers.push_back(server);
        const std::size_t left_out = shorten(servers);
        out << '\n'
            << wrapped(text(service, "service") + "  ", service_text(service),
                       columns_of(out, std::string::npos), "  ");
        print_short_servers(out, servers);
        if (left_out != 0) out << "  and " << left_out << " more -> warrenctl show servers\n";
    }
}

}  // namespace

Json whole_status(Telemetry& telemetry, bool is_for_screen) {
    const Rows first = telemetry.rows("status");
    Json status = first.empty() ? Json::object() : first.front();
    for (const char* part : {"ports", "vrrp", "services", "sync"})
        status[part] = telemetry.rows(part);
    status["servers"] = telemetry.rows(is_for_screen ? "servers_short" : "servers");
    // Virtual routers come first; that of thousands of servers is not shown here.
    status["history"] =
        telemetry.tells("history") ? telemetry.rows("history", {}, status["vrrp"].size()) : Rows{};
    return status;
}

void print_status(const Json& status, std::ostream& out) {
    print_head(status, out);
    print_reasons(status, out);
    out << '\n';
    print_table(out, router_columns, router_rows(status));
    print_services(status, out);
    out << '\n';
    print_table(out, port_columns, status["ports"]);
}

void show_status(Telemetry& telemetry, const Output& output) {
    const Json status = whole_status(telemetry, output.is_text());
    if (output.is_text())
        print_status(status, output.out);
    else
        write_rows(output, {status});
}

}  // namespace warren::ctl
