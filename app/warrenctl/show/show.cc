// SPDX-License-Identifier: BSD-3-Clause
#include "show/show.h"

#include <ostream>

#include "rows/fields.h"
#include "rows/table.h"
#include "show/show_config.h"
#include "show/show_counters.h"
#include "show/show_flows.h"
#include "show/show_history.h"
#include "show/show_servers.h"
#include "show/show_status.h"
#include "show/show_sync.h"
#include "show/show_vrrp.h"
#include "text/screen.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

using Rows = std::vector<Json>;

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
     [](const Json& r) { return text(r, "servers_up") + "/" + text(r, "server_count"); }},
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
    {"SERVER", Align::left, [](const Json& r) { return text(r, "server"); }, 0, TooLong::cut_front},
    {"STATE", Align::left, [](const Json& r) { return text(r, "state"); }},
    {"NEXT HOP", Align::left, [](const Json& r) { return text(r, "gateway"); }, 0,
     TooLong::cut_front},
    {"PORT", Align::left, [](const Json& r) { return text(r, "interface"); }, 2},
    {"MAC", Align::left, [](const Json& r) { return text(r, "mac"); }, 1},
};

const std::vector<Column>* list_columns(const std::string& view) {
    if (view == "services") return &service_columns;
    if (view == "workers") return &worker_columns;
    return view == "neighbours" ? &neighbour_columns : nullptr;
}

void show_vrrp(Telemetry& telemetry, const std::vector<std::string>& names, const Output& output) {
    const Rows rows = vrrp_rows(telemetry, names);
    if (output.is_text())
        print_vrrp(output.out, rows, !names.empty());
    else
        write_rows(output, rows);
}

void show_view(const Rows& rows, const Output& output,
               void (*print)(std::ostream& out, const Rows& rows)) {
    if (output.is_text())
        print(output.out, rows);
    else
        write_rows(output, rows);
}

void show_sync(Telemetry& telemetry, const Output& output) {
    const Rows rows = telemetry.rows("sync");
    if (output.is_text())
        print_sync(output.out, rows);
    else
        write_rows(output, {sync_json(rows)});
}

}  // namespace

const std::vector<std::string>& view_names() {
    static const std::vector<std::string> names{"status",   "vrrp",    "sync",      "servers",
                                                "history",  "config",  "services",  "flows",
                                                "counters", "workers", "neighbours"};
    return names;
}

void show(Telemetry& telemetry, const std::string& view, const std::vector<std::string>& names,
          const Output& output) {
    if (view == "status") return show_status(telemetry, output);
    if (view == "vrrp") return show_vrrp(telemetry, names, output);
    if (view == "sync") return show_sync(telemetry, output);
    if (view == "flows") return show_flows(telemetry, {}, output);
    if (view == "counters") return show_counters(telemetry, {}, output);
    if (view == "config") return show_config(telemetry, false, output);
    if (view == "servers") return show_servers(telemetry, names, {}, output);
    const Rows rows = telemetry.rows(view);
    if (view == "history") return show_view(history_of(rows, names), output, print_history);
    const std::vector<Column>* columns = list_columns(view);
    if (columns == nullptr || !output.is_text()) return write_rows(output, rows);
    print_table(output.out, *columns, rows);
}

}  // namespace warren::ctl
