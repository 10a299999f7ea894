// SPDX-License-Identifier: BSD-3-Clause
#include "show/show_servers.h"

#include <algorithm>
#include <map>
#include <ostream>
#include <stdexcept>

#include "past/ended.h"
#include "rows/fields.h"
#include "rows/table.h"
#include "text/screen.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

std::string state_text(const Json& r) {
    return text(r, "state") + (r.value("reachable", true) ? "" : " (no next hop)") +
           (r.value("overloaded", false) ? " (full)" : "") +
           (r.value("waits", false) ? " (waits)" : "");
}

const std::vector<Column> server_columns{
    {"SERVER", Align::left, [](const Json& r) { return text(r, "server"); }},
    {"STATE", Align::left, state_text},
    {"SINCE", Align::right, [](const Json& r) { return number<duration_text>(r, "since_ms"); }},
    {"WEIGHT", Align::right, [](const Json& r) { return text(r, "weight"); }, 2},
    {"EFFECTIVE", Align::right, effective_weight, 1},
    {"ACTIVE", Align::right, [](const Json& r) { return number<count_text>(r, "active"); }},
    {"NEW/S", Align::right, [](const Json& r) { return decimal(r, "connections_per_s"); }, 1},
    {"CHECK", Align::right, check_time, 1},
    {"HANDSHAKE", Align::right,
     [](const Json& r) { return number<latency_text>(r, "handshake_us"); }, 3},
    {"IN/S", Align::right,
     [](const Json& r) { return number<bytes_text>(r, "to_server_bytes_per_s"); }, 4},
    {"OUT/S", Align::right,
     [](const Json& r) { return number<bytes_text>(r, "to_client_bytes_per_s"); }, 4},
    {"IN", Align::right, [](const Json& r) { return number<bytes_text>(r, "to_server_bytes"); }, 5},
    {"OUT", Align::right, [](const Json& r) { return number<bytes_text>(r, "to_client_bytes"); },
     5},
};

// Those that take something away.
std::string factors_text(const Json& server) {
    std::string all;
    const Json factors = server.value("factors", Json::object());
    for (const auto& [name, value] : factors.items())
        if (value.is_number() && value.get<double>() < 1)
            all += " " + name + " " + decimal_text(value.get<double>());
    return all.empty() ? "" : "factors" + all;
}

// A second, of the last ten.
std::string refused_a_second(const Json& r) {
    const auto found = r.find("refused_10s");
    return found == r.end() || !found->is_number() ? "-" : decimal_text(found->get<double>() / 10);
}

const std::vector<Column> short_columns{
    {"  SERVER", Align::left, [](const Json& r) { return "  " + text(r, "server"); }},
    {"STATE", Align::left, state_text},
    {"FOR", Align::right, [](const Json& r) { return number<duration_text>(r, "since_ms"); }},
    {"WEIGHT", Align::right,
     [](const Json& r) { return effective_weight(r) + "/" + text(r, "weight"); }, 4},
    {"CONN", Align::right, [](const Json& r) { return number<count_text>(r, "active"); }},
    {"NEW/S", Align::right, [](const Json& r) { return decimal(r, "connections_per_s"); }, 2},
    {"CHECK", Align::right, check_time, 3},
    {"REF/S", Align::right, refused_a_second, 3},
    {"WHY", Align::left,
     [](const Json& r) {
         return text(r, "state") == "up" && factors_text(r).empty() ? std::string()
                : text(r, "state") == "up"                          ? factors_text(r)
                                                                    : text(r, "reason");
     },
     1},
};

std::string share_text(const Json& usage) {
    if (!usage.is_object() || usage.value("limit", 0ULL) == 0) return "";
    return percent_text(usage.value("used", 0.0) / usage.value("limit", 1.0));
}

std::string node_text(const Json& server) {
    const Json node = server.value("node", Json());
    if (!node.is_object()) return "";
    std::string all = text(node, "name");
    if (text(node, "type") != "unknown") all += " " + text(node, "type");
    if (!node.value("version", "").empty()) all += " " + text(node, "version");
    if (const std::string memory = share_text(node.value("memory", Json())); !memory.empty())
        all += ", memory " + memory;
    const Json alarms = node.value("alarms", Json::array());
    return alarms.empty() ? all : all + ", alarms " + joined(alarms);
}

std::string drain_text(const Json& server) {
    const Json drain = server.value("drain", Json());
    if (!drain.is_object()) return "";
    if (drain.value("flows_left", std::uint64_t{0}) == 0) return "drained: no flows left";
    std::string all = "drains: " + number<count_text>(drain, "flows_left") + " of " +
                      number<count_text>(drain, "flows_at_first") + " flows left";
    const std::string left = number<duration_text>(drain, "left_ms");
    return left == "-" ? all : all + ", " + left + " to go";
}

std::string refused_text(const Json& server) {
    if (server.value("refused", std::uint64_t{0}) == 0) return "";
    const std::string recent = number<count_text>(server, "refused_10s");
    return "refused " + number<count_text>(server, "refused") +
           (recent == "0" || recent == "-" ? "" : ", " + recent + " in 10 s");
}

std::string weight_text(const Json& server) {
    const std::string configured = text(server, "configured_weight");
    return configured == text(server, "weight") ? "" : "weight " + configured + " is configured";
}

// Parts that do not fit go on on the next line.
std::string listed(const std::string& head, const std::vector<std::string>& parts,
                   std::size_t columns) {
    std::string all, line = head;
    for (const std::string& part : parts) {
        if (part.empty()) continue;
        const bool is_first = line.size() == head.size();
        if (!is_first && width_of(line) + 2 + width_of(part) > columns) {
            all += cut_to(line, columns - 1) + ";\n";
            line = std::string(head.size(), ' ');
        } else if (!is_first) {
            line += "; ";
        }
        line += part;
    }
    return all + cut_to(line, columns) + "\n";
}

// Places are given anew at a reload, and whoever comes back has the old one.
void sort_as_configured(std::vector<Json>& servers) {
    std::stable_sort(servers.begin(), servers.end(), [](const Json& a, const Json& b) {
        return a.value("position", 0U) < b.value("position", 0U);
    });
}

double measure_of(const Json& server, const std::string& order) {
    if (order == "active") return server.value("active", 0.0);
    if (order == "new") return server.value("connections_per_s", 0.0);
    if (order == "refused") return server.value("refused_10s", 0.0);
    return server.value("to_server_bytes_per_s", 0.0) + server.value("to_client_bytes_per_s", 0.0);
}

void keep_named(std::vector<Json>& rows, const std::vector<std::string>& names) {
    const auto is_called = [](const Json& row, const std::string& name) {
        return is_endpoint(text(row, "server"), name) || is_endpoint(text(row, "service"), name);
    };
    std::vector<std::string> ends;
    for (const std::string& name : names) {
        ends.push_back(read_end(name));
        if (std::none_of(rows.begin(), rows.end(),
                         [&](const Json& row) { return is_called(row, ends.back()); }))
            throw std::runtime_error("no real_server or virtual_server is called \"" + name + '"');
    }
    if (names.empty()) return;
    std::erase_if(rows, [&](const Json& row) {
        return std::none_of(ends.begin(), ends.end(),
                            [&](const std::string& end) { return is_called(row, end); });
    });
}

// The most first.
void sort_by_measure(std::vector<Json>& servers, const std::string& order) {
    if (order.empty()) return;
    std::stable_sort(servers.begin(), servers.end(), [&](const Json& a, const Json& b) {
        return measure_of(a, order) > measure_of(b, order);
    });
}

}  // namespace

std::string server_details(const Json& server, std::size_t columns) {
    const std::vector<std::string> parts{is_plainly_up(server) ? "" : text(server, "reason"),
                                         refused_text(server),
                                         drain_text(server),
                                         weight_text(server),
                                         factors_text(server),
                                         node_text(server)};
    const bool is_plain = std::all_of(parts.begin(), parts.end(),
                                      [](const std::string& part) { return part.empty(); });
    return is_plain ? "" : listed("  " + text(server, "server") + "  ", parts, columns);
}

void print_short_servers(std::ostream& out, std::vector<Json> servers) {
    sort_as_configured(servers);
    print_table(out, short_columns, servers);
}

const std::vector<std::string>& server_orders() {
    static const std::vector<std::string> names{"active", "new", "refused", "bytes"};
    return names;
}

void show_servers(Telemetry& telemetry, const std::vector<std::string>& names,
                  const std::string& order, const Output& output) {
    std::vector<Json> rows = telemetry.rows(output.is_text() ? "servers_short" : "servers");
    keep_named(rows, names);
    if (output.is_text()) return print_servers(output.out, std::move(rows), order);
    sort_by_measure(rows, order);
    write_rows(output, rows);
}

void print_servers(std::ostream& out, std::vector<Json> rows, const std::string& order) {
    std::vector<std::string> services;
    std::map<std::string, std::vector<Json>> of_service;
    for (Json& row : rows) {
        const std::string service = text(row, "service");
        std::vector<Json>& servers = of_service[service];
        if (servers.empty()) services.push_back(service);
        servers.push_back(std::move(row));
    }
    for (const std::string& service : services) {
        sort_as_configured(of_service[service]);
        sort_by_measure(of_service[service], order);
        out << (service == services.front() ? "" : "\n") << "SERVICE " << service << '\n';
        print_table(out, server_columns, of_service[service]);
        for (const Json& server : of_service[service])
            out << server_details(server, columns_of(out, server_details_columns));
    }
}

}  // namespace warren::ctl
