// SPDX-License-Identifier: BSD-3-Clause
#include "show/show_sync.h"

#include <ostream>

#include "rows/fields.h"
#include "text/screen.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

std::string time_of(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found == row.end() || !found->is_number() ? "-" : interval_text(found->get<double>());
}

std::string peer_line(const Json& row) {
    std::string line = "peer " + text(row, "peer") + (row.value("up", false) ? " up " : " DOWN ");
    if (row.value("since_ms", Json()).is_null()) return line + "since the start";
    line += number<duration_text>(row, "since_ms");
    if (!row.value("up", false)) return line;
    line += ", rtt " + time_of(row, "rtt_ms") + ", v" + text(row, "version") + ", lag " +
            time_of(row, "lag_ms") + ", unacked " + text(row, "unacked");
    if (row.value("lost_percent", 0.0) > 0) line += ", LOST " + text(row, "lost_percent") + " %";
    return line + ", room for " + number<count_text>(row, "capacity") + " flows";
}

std::string equality(const Json& row) {
    if (text(row, "role") == "idle") return "flows not known: no peer";
    const bool equal = row.value("in_sync", false);
    std::string said = "flows " + number<count_text>(row, "flows");
    // Who receives compares; who sends is told what came of it, and knows no count of the peer's.
    if (text(row, "role") == "sending")
        return said + (equal ? ", equal at the peer" : ", NOT IN SYNC");
    said += (equal ? " = " : " / ") + number<count_text>(row, "peer_flows");
    if (!equal) said += ", NOT IN SYNC";
    const auto since = row.find("equal_ms");
    if (since == row.end() || since->is_null()) return said + ", never equal";
    return said + ", equal " + number<duration_text>(row, "equal_ms") + " ago";
}

std::string router_line(const Json& row) {
    std::string line = text(row, "router") + " (" + text(row, "vrid") + ") " + text(row, "role") +
                       ", " + equality(row);
    if (row.value("bulk_flows", 0ULL) != 0)
        line += ", last bulk " + number<count_text>(row, "bulk_flows") + " in " +
                time_of(row, "bulk_ms");
    line += std::string(", preempt ") + (row.value("preempt_held", false) ? "held" : "free");
    if (row.value("config_equal", true)) return line + ", config equal";
    const std::string difference = text(row, "difference");
    return line + ", config DIFFERS" + (difference.size() > 1 ? " (" + difference + ")" : "");
}

}  // namespace

void print_sync(std::ostream& out, const std::vector<Json>& rows) {
    if (rows.empty()) out << "no flow_sync: connections end with this warren\n";
    for (const Json& row : rows)
        out << wrapped("", row.contains("peer") ? peer_line(row) : router_line(row),
                       columns_of(out, std::string::npos));
}

Json sync_json(const std::vector<Json>& rows) {
    Json all{{"peers", Json::array()}, {"routers", Json::array()}};
    for (const Json& row : rows)
        all[row.contains("peer") ? "peers" : "routers"].push_back(row);
    return all;
}

void print_remedy(std::ostream& out, const Json& alarm) {
    out << wrapped("  ",
                   " " + text(alarm, "name") + " for " + number<duration_text>(alarm, "since_ms") +
                       ": " + text(alarm, "remedy"),
                   columns_of(out, std::string::npos));
}

void print_alarms(std::ostream& out, const Json& alarms) {
    for (const Json& alarm : alarms) {
        out << wrapped(" !", " " + text(alarm, "text"), columns_of(out, std::string::npos));
        print_remedy(out, alarm);
    }
}

bool hand_over(Telemetry& telemetry, const std::string& request, const Output& output) {
    const std::vector<Json> rows = telemetry.rows("handover", request);
    std::ostream& out = output.out;
    if (!output.is_text()) write_rows(output, rows);
    if (rows.empty() && output.is_text()) out << "no virtual router is master here\n";
    bool all_done = true;
    for (const Json& row : rows) {
        all_done = all_done && row.value("done", false);
        if (!output.is_text()) continue;
        out << text(row, "router") << ": " << (row.value("done", false) ? "" : "not done: ")
            << text(row, "text");
        if (row.value("took_ms", 0.0) > 0) out << " (" << time_of(row, "took_ms") << ')';
        out << '\n';
    }
    return all_done;
}

}  // namespace warren::ctl
