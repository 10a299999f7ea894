// SPDX-License-Identifier: BSD-3-Clause
#include "show.h"

#include <algorithm>
#include <cctype>
#include <ostream>

#include "fields.h"
#include "screen.h"
#include "show_config.h"
#include "show_history.h"
#include "show_servers.h"
#include "show_sync.h"
#include "show_vrrp.h"
#include "table.h"
#include "units.h"

namespace warren::ctl {
namespace {

using Rows = std::vector<Json>;

const std::vector<Column> port_columns{
    {"PORT", Align::left, [](const Json& r) { return text(r, "name"); }},
    {"LINK", Align::left, [](const Json& r) { return text(r, "link"); }},
    {"DRIVER", Align::left, [](const Json& r) { return text(r, "driver"); }, 4},
    {"MAC", Align::left, [](const Json& r) { return text(r, "mac"); }, 3},
    {"ADDRESS", Align::left, [](const Json& r) { return text(r, "address"); }, 2},
    {"RX", Align::right, [](const Json& r) { return number<count_text>(r, "rx_packets"); }, 1},
    {"TX", Align::right, [](const Json& r) { return number<count_text>(r, "tx_packets"); }, 1},
    {"MISSED", Align::right, [](const Json& r) { return number<count_text>(r, "rx_missed"); }, 1},
};

// "12 table_full, 2 refused"; with ! while it goes on.
std::string refusals_text(const Json& service) {
    std::string causes;
    const Json refusals = service.value("refusals", Json::object());
    for (const auto& [cause, count] : refusals.items())
        causes += (causes.empty() ? "" : ", ") + number<count_text>(refusals, cause.c_str()) + " " +
                  cause;
    if (causes.empty()) return "0";
    const bool goes_on = !service.value("refusals_10s", Json::object()).empty();
    return causes + (goes_on ? " !" : "");
}

const std::vector<Column> service_columns{
    {"SERVICE", Align::left, [](const Json& r) { return text(r, "service"); }},
    {"ALGO", Align::left, [](const Json& r) { return text(r, "lb_algo"); }, 3},
    {"KIND", Align::left, [](const Json& r) { return text(r, "lb_kind"); }, 3},
    {"ROUTER", Align::left, [](const Json& r) { return text(r, "router"); }, 4},
    {"STATE", Align::left, [](const Json& r) { return text(r, "state"); }, 2},
    {"UP", Align::right,
     [](const Json& r) { return text(r, "servers_up") + "/" + text(r, "servers"); }},
    {"QUORUM", Align::left,
     [](const Json& r) {
         return text(r, "quorum") + (r.value("sorry_server", false) ? " (sorry_server)" : "");
     },
     1},
    {"ACTIVE", Align::right, [](const Json& r) { return number<count_text>(r, "active"); }},
    {"NEW/S", Align::right, [](const Json& r) { return decimal(r, "connections_per_s"); }, 2},
    {"CONNECTIONS", Align::right,
     [](const Json& r) { return number<count_text>(r, "connections"); }, 3},
    {"REFUSED", Align::left, refusals_text, 1},
    {"PORTS USED", Align::right,
     [](const Json& r) { return number<count_text>(r, "local_ports_used"); }, 6},
    {"PORTS FREE", Align::right,
     [](const Json& r) { return number<count_text>(r, "local_ports_free"); }, 5},
};

const std::vector<Column> flow_columns{
    {"CLIENT", Align::left, [](const Json& r) { return text(r, "client"); }},
    {"SERVICE", Align::left, [](const Json& r) { return text(r, "service"); }, 2},
    {"LOCAL", Align::left, [](const Json& r) { return text(r, "local"); }, 4},
    {"SERVER", Align::left, [](const Json& r) { return text(r, "server"); }},
    {"STATE", Align::left, [](const Json& r) { return text(r, "state"); }, 1},
    {"IDLE", Align::right, [](const Json& r) { return number<duration_text>(r, "idle_ms"); }, 1},
    {"WORKER", Align::right, [](const Json& r) { return text(r, "worker"); }, 5},
};

const std::vector<Column> counter_columns{
    {"GROUP", Align::left, [](const Json& r) { return text(r, "group"); }},
    {"COUNTER", Align::left, [](const Json& r) { return text(r, "name"); }},
    {"TOTAL", Align::right, [](const Json& r) { return number<count_text>(r, "total"); }},
    {"BY WORKER", Align::left,
     [](const Json& r) {
         const Json shares = r.value("workers", Json::array());
         return shares.size() > 1 ? joined(shares) : std::string();
     }},
};

const std::vector<Column> worker_columns{
    {"WORKER", Align::right, [](const Json& r) { return text(r, "worker"); }},
    {"BUSY", Align::right, [](const Json& r) { return percent_text(r.value("busy", 0.0)); }},
    {"FLOWS", Align::right, [](const Json& r) { return number<count_text>(r, "flows"); }},
    {"CAPACITY", Align::right,
     [](const Json& r) { return number<count_text>(r, "flow_capacity"); }},
    {"RX", Align::right, [](const Json& r) { return number<count_text>(r, "rx"); }, 3},
    {"TX", Align::right, [](const Json& r) { return number<count_text>(r, "tx"); }, 3},
    {"HANDED IN", Align::right, [](const Json& r) { return number<count_text>(r, "handoff_in"); },
     4},
    {"HANDED OUT", Align::right, [](const Json& r) { return number<count_text>(r, "handoff_out"); },
     4},
    {"LOAD/MEAN", Align::right, [](const Json& r) { return decimal(r, "load_of_mean"); }, 1},
    {"POLLS", Align::right, [](const Json& r) { return number<count_text>(r, "polls"); }, 6},
    {"SLEEPS", Align::right, [](const Json& r) { return number<count_text>(r, "idle_sleeps"); }, 5},
};

const std::vector<Column> neighbour_columns{
    {"SERVER", Align::left, [](const Json& r) { return text(r, "server"); }},
    {"STATE", Align::left, [](const Json& r) { return text(r, "state"); }},
    {"NEXT HOP", Align::left, [](const Json& r) { return text(r, "gateway"); }},
    {"PORT", Align::left, [](const Json& r) { return text(r, "interface"); }, 2},
    {"MAC", Align::left, [](const Json& r) { return text(r, "mac"); }, 1},
};

struct ListView {
    const char* name;
    const std::vector<Column>& columns;
};

const std::vector<ListView>& list_views() {
    static const std::vector<ListView> all{{"services", service_columns},
                                           {"flows", flow_columns},
                                           {"counters", counter_columns},
                                           {"workers", worker_columns},
                                           {"neighbours", neighbour_columns}};
    return all;
}

std::string upper_case(std::string word) {
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return word;
}

void print_status(const Json& status, std::ostream& out) {
    out << "warren " << text(status, "version") << ", instance " << text(status, "instance")
        << ", up " << number<duration_text>(status, "uptime_ms") << "    "
        << coloured(out, upper_case(text(status, "verdict"))) << '\n';
    for (const Json& reason : status.value("reasons", Json::array()))
        out << wrapped(" !", " " + text(reason, "text") + " -> " + text(reason, "look"),
                       columns_of(out, std::string::npos));
    out << "configuration  " << text(status, "config") << '\n'
        << "data plane     " << text(status, "workers")
        << (text(status, "workers") == "1" ? " worker" : " workers") << ", idle "
        << text(status, "idle") << ", "
        << (status.value("hugepages", false) ? "hugepages" : "no hugepages") << '\n'
        << "virtual router " << text(status, "masters") << " of " << text(status, "routers")
        << " master\n"
        << "servers        " << text(status, "servers_up") << " of " << text(status, "servers")
        << " up, " << number<count_text>(status, "flows") << " flows\n";
}

void show_status(Telemetry& telemetry, bool as_json, std::ostream& out) {
    const Rows first = telemetry.rows("status");
    Json status = first.empty() ? Json::object() : first.front();
    for (const char* part : {"ports", "vrrp", "services"})
        status[part] = telemetry.rows(part);
    status["real_servers"] = telemetry.rows("servers");
    if (as_json) {
        out << status.dump(2) << '\n';
        return;
    }
    print_status(status, out);
    print_alarms(out, status.value("alarms", Json::array()));
    out << '\n';
    print_table(out, port_columns, status["ports"]);
    out << '\n';
    print_table(out, vrrp_columns(), status["vrrp"]);
    out << '\n';
    print_table(out, service_columns, status["services"]);
    out << '\n';
    print_servers(out, status["real_servers"]);
}

void show_vrrp(Telemetry& telemetry, const std::vector<std::string>& names, bool as_json,
               std::ostream& out) {
    const Rows rows = vrrp_rows(telemetry, names);
    if (as_json)
        out << Json(rows).dump(2) << '\n';
    else
        print_vrrp(out, rows, !names.empty());
}

void show_view(const Rows& rows, bool as_json, std::ostream& out,
               void (*print)(std::ostream& out, const Rows& rows)) {
    if (as_json)
        out << Json(rows).dump(2) << '\n';
    else
        print(out, rows);
}

void show_sync(Telemetry& telemetry, bool as_json, std::ostream& out) {
    const Rows rows = telemetry.rows("sync");
    if (as_json)
        out << sync_json(rows).dump(2) << '\n';
    else
        print_sync(out, rows);
}

}  // namespace

const std::vector<std::string>& view_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all{"status", "vrrp", "sync", "servers", "history", "config"};
        for (const ListView& view : list_views())
            all.emplace_back(view.name);
        return all;
    }();
    return names;
}

void show(Telemetry& telemetry, const std::string& view, const std::vector<std::string>& names,
          bool as_json, std::ostream& out) {
    if (view == "status") return show_status(telemetry, as_json, out);
    if (view == "vrrp") return show_vrrp(telemetry, names, as_json, out);
    if (view == "sync") return show_sync(telemetry, as_json, out);
    if (view == "history")
        return show_view(history_of(telemetry.rows(view), names), as_json, out, print_history);
    if (view == "config") return show_view(telemetry.rows(view), as_json, out, print_config);
    if (view == "servers") return show_view(telemetry.rows(view), as_json, out, print_servers);
    for (const ListView& candidate : list_views()) {
        if (view != candidate.name) continue;
        const Rows rows = telemetry.rows(view);
        if (as_json)
            out << Json(rows).dump(2) << '\n';
        else
            print_table(out, candidate.columns, rows);
    }
}

}  // namespace warren::ctl
