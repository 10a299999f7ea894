// SPDX-License-Identifier: BSD-3-Clause
#include "show/show_vrrp.h"

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <utility>

#include "rows/fields.h"
#include "text/screen.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

constexpr std::size_t few = 4;      // routers whose details are shown unasked
constexpr std::size_t indent = 13;  // of what follows a line's title

bool is_set(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found != row.end() && !found->is_null();
}

std::uint64_t count(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found == row.end() || !found->is_number() ? 0 : found->get<std::uint64_t>();
}

std::string interval(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found == row.end() || !found->is_number() ? "-" : interval_text(found->get<double>());
}

std::uint64_t bad_adverts(const Json& row) {
    std::uint64_t all = 0;
    const Json rejected = row.value("rejected", Json::object());
    for (const auto& [reason, n] : rejected.items())
        all += n.get<std::uint64_t>();
    return all;
}

std::string signed_text(std::int64_t n) {
    return (n < 0 ? "" : "+") + std::to_string(n);
}

// ", two" for what only deserves a word when it has happened; of one: `once`.
std::string happened(const Json& row, const char* key, const std::string& what,
                     const std::string& once = {}) {
    const std::uint64_t n = count(row, key);
    return n == 0 ? "" : ", " + count_text(n) + " " + (n == 1 && !once.empty() ? once : what);
}

std::string state_line(const Json& r) {
    const std::string why = is_set(r, "fault_text") ? text(r, "fault_text") : router_why(r);
    std::string line = text(r, "state") + " for " + number<duration_text>(r, "since_ms") + ": " +
                       why + happened(r, "became_master", "times master", "time master");
    if (r.value("waits_for_group", false)) line += ", waits for its sync group";
    return line;
}

std::string priority_line(const Json& r) {
    std::string line = text(r, "effective_priority") + " = " + text(r, "priority") + " base";
    for (const Json& t : r.value("tracked", Json::array())) {
        const bool fault = t.value("fault", false);
        if (t.value("weight", 0) == 0 && !fault) continue;
        line += ", " + text(t, "kind") + " " + text(t, "name") + " " +
                (fault ? "FAULT" : signed_text(t.value("priority", 0)));
    }
    return line;
}

std::string master_line(const Json& r) {
    const bool is_master = text(r, "state") == "master";
    std::string line = text(r, "master");
    if (is_master) line += " (this one)";
    if (is_set(r, "master")) line += ", priority " + text(r, "master_priority");
    const bool was_heard = is_set(r, "last_heard_ms");
    // A backup is silent: a master that hears nobody is well, or alone.
    if (is_master && !was_heard) return line + ", no other master heard";
    return line + (was_heard ? ", peer heard " + number<duration_text>(r, "last_heard_ms") + " ago"
                             : ", no peer was ever heard");
}

std::string timers_line(const Json& r) {
    std::string line = "advert " + interval(r, "advert_interval_ms") + ", master_down " +
                       interval(r, "master_down_ms") + ", skew " + interval(r, "skew_ms");
    if (is_set(r, "next_ms"))
        line += std::string(text(r, "state") == "master" ? ", next advert in "
                                                         : ", master believed dead in ") +
                interval(r, "next_ms");
    if (is_set(r, "preempt_left_ms"))
        return line + ", preempts in " + interval(r, "preempt_left_ms");
    if (!r.value("preempt", true)) return line + ", nopreempt";
    return line + (r.value("preempt_delay_ms", 0.0) > 0
                       ? ", preempt_delay " + interval(r, "preempt_delay_ms")
                       : std::string());
}

std::string adverts_line(const Json& r) {
    std::string line = number<count_text>(r, "adverts_sent") + " sent" +
                       happened(r, "priority_zero_sent", "of them priority 0") + "; " +
                       number<count_text>(r, "adverts_received") + " received" +
                       happened(r, "priority_zero_received", "of them priority 0") + "; " +
                       count_text(bad_adverts(r)) + " refused";
    return line + happened(r, "unsent_adverts", "not taken by the port") +
           happened(r, "unresolved_adverts", "to peers without a MAC");
}

// "3 ttl: its TTL says that it came through a router, or is forged"
std::vector<std::string> refused_lines(const Json& r) {
    std::vector<std::string> lines;
    const Json words = r.value("rejected_text", Json::object());
    const Json rejected = r.value("rejected", Json::object());
    for (const auto& [reason, n] : rejected.items())
        lines.push_back(count_text(n.get<std::uint64_t>()) + " " + reason +
                        (words.contains(reason) ? ": " + text(words, reason.c_str()) : ""));
    return lines;
}

std::string announced_line(const Json& r) {
    return number<count_text>(r, "gratuitous_arps") + " gratuitous ARPs, " +
           number<count_text>(r, "unsolicited_advertisements") + " unsolicited NAs";
}

std::string trouble_line(const Json& r) {
    const std::string all =
        happened(r, "lower_priority_heard", "adverts of a lower priority while master",
                 "advert of a lower priority while master") +
        happened(r, "address_list_differs", "with another address list") +
        happened(r, "interval_differs", "with another interval") +
        happened(r, "unlisted_addresses", "addresses that no advert has room for",
                 "address that no advert has room for") +
        happened(r, "address_conflicts", "claims to our addresses", "claim to our addresses") +
        happened(r, "late_adverts", "own adverts late", "own advert late") +
        happened(r, "waits_for_workers", "waits for busy workers", "wait for busy workers");
    return all.empty() ? all : all.substr(2);
}

std::string group_line(const Json& r) {
    const Json others = r.value("moves_with", Json::array());
    if (others.empty()) return {};
    return (is_set(r, "sync_group") ? text(r, "sync_group") + ", with "
                                    : "needed by one service, with ") +
           joined(others);
}

std::string tracked_line(const Json& t) {
    std::string line = text(t, "kind") + " " + text(t, "name") + ": ";
    const std::string state = text(t, "state");
    line += state == "number" ? text(t, "detail") : state;
    if (state != "number" && text(t, "detail") != state) line += " (" + text(t, "detail") + ")";
    const int weight = t.value("weight", 0);
    line += weight == 0 ? std::string(", a failure is a fault") : ", weight " + signed_text(weight);
    return line + (t.value("reverse", false) ? " reverse" : "");
}

std::string titled(const std::string& title, const std::string& line, std::size_t columns) {
    return wrapped("  " + title + std::string(indent - 2 - title.size(), ' '), line, columns);
}

// Of the host's own address.
std::string static_details(const Json& r, std::size_t columns) {
    std::string out = wrapped(text(r, "name") + ":",
                              " the host's own, served for as long as the host has it: no VRRP; " +
                                  text(r, "interface") + " (" + text(r, "source_mac") + ")",
                              columns);
    out += titled("state", state_line(r), columns);
    const std::string trouble = trouble_line(r);
    if (!trouble.empty()) out += titled("noticed", trouble, columns);
    return out;
}

}  // namespace

const std::vector<Column>& vrrp_columns() {
    static const std::vector<Column> columns{
        {"ROUTER", Align::left, [](const Json& r) { return text(r, "name"); }},
        {"INTERFACE", Align::left, [](const Json& r) { return text(r, "interface"); }, 4},
        {"VRID", Align::right, [](const Json& r) { return spoken(r, text(r, "vrid")); }, 3},
        {"STATE", Align::left, [](const Json& r) { return text(r, "state"); }},
        {"SINCE", Align::right, [](const Json& r) { return number<duration_text>(r, "since_ms"); },
         2},
        {"WHY", Align::left, router_why, 1},
        {"PRIO", Align::right,
         [](const Json& r) { return spoken(r, text(r, "effective_priority")); }, 2},
        {"MASTER", Align::left, [](const Json& r) { return text(r, "master"); }, 1},
        {"HEARD", Align::right,
         [](const Json& r) { return number<duration_text>(r, "last_heard_ms"); }, 3},
        {"SENT", Align::right,
         [](const Json& r) { return spoken(r, number<count_text>(r, "adverts_sent")); }, 5},
        {"RECEIVED", Align::right,
         [](const Json& r) { return spoken(r, number<count_text>(r, "adverts_received")); }, 5},
        {"BAD", Align::right, [](const Json& r) { return spoken(r, count_text(bad_adverts(r))); },
         2},
    };
    return columns;
}

std::string vrrp_details(const Json& r, std::size_t columns) {
    if (r.value("static", false)) return static_details(r, columns);
    std::string out = wrapped(text(r, "name") + ":",
                              " " + text(r, "interface") + ", VRID " + text(r, "vrid") + ", VRRPv" +
                                  text(r, "version") + " " + text(r, "family") + ", from " +
                                  text(r, "primary_address") + " (" + text(r, "source_mac") + ")",
                              columns);
    out += titled("state", state_line(r), columns);
    out += titled("priority", priority_line(r), columns);
    for (const Json& t : r.value("tracked", Json::array()))
        out += titled("tracked", tracked_line(t), columns);
    out += titled("master", master_line(r), columns);
    out += titled("timers", timers_line(r), columns);
    out += titled("adverts", adverts_line(r), columns);
    for (const std::string& line : refused_lines(r))
        out += titled("refused", line, columns);
    const std::pair<const char*, std::string> lines[] = {
        {"sent to", joined(r, "sends_to")},
        {"announced", announced_line(r)},
        {"sync group", group_line(r)},
        {"addresses", joined(r, "addresses")},
        {"excluded", joined(r, "excluded_addresses")},
        {"noticed", trouble_line(r)},
    };
    for (const auto& [title, line] : lines)
        if (!line.empty() && line != "-") out += titled(title, line, columns);
    return out;
}

std::vector<Json> vrrp_rows(Telemetry& telemetry, const std::vector<std::string>& names) {
    std::vector<Json> rows = telemetry.rows("vrrp");
    for (const std::string& name : names)
        if (std::none_of(rows.begin(), rows.end(),
                         [&](const Json& row) { return text(row, "name") == name; }))
            throw std::runtime_error("no virtual router is called \"" + name + "\"");
    if (!names.empty())
        std::erase_if(rows, [&](const Json& row) {
            return std::find(names.begin(), names.end(), text(row, "name")) == names.end();
        });
    for (Json& row : rows)
        row["tracked"] = Json::array();
    for (Json& tracked : telemetry.rows("tracked")) {
        const std::string router = text(tracked, "router");
        tracked.erase("router");
        for (Json& row : rows)
            if (text(row, "name") == router) row["tracked"].push_back(tracked);
    }
    return rows;
}

void print_vrrp(std::ostream& out, const std::vector<Json>& rows, bool all_details) {
    print_table(out, vrrp_columns(), rows);
    if (!all_details && rows.size() > few) {
        out << "\nMore about one: warrenctl show vrrp ROUTER\n";
        return;
    }
    for (const Json& row : rows)
        out << '\n' << vrrp_details(row, columns_of(out, details_columns));
}

}  // namespace warren::ctl
