// SPDX-License-Identifier: BSD-3-Clause
#include "live/top_screen.h"

#include <algorithm>
#include <cctype>
#include <limits>
#include <map>
#include <sstream>

#include "rows/fields.h"
#include "rows/table.h"
#include "text/times.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

using Rows = std::vector<Json>;
using Lines = std::vector<ScreenLine>;

constexpr std::size_t events_columns = 100;  // of fewer, events are only time and text

std::string rate_text(const Json& row, const char* key) {
    const auto found = row.find(key);
    if (found == row.end() || !found->is_number()) return "-";
    std::ostringstream out;
    out.precision(1);
    out << std::fixed << found->get<double>();
    return out.str();
}

std::string byte_rate(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found == row.end() || !found->is_number()
               ? "-"
               : bytes_text(static_cast<std::uint64_t>(found->get<double>()));
}

std::string day_and_time(const Json& row) {
    return day_time(time_at(row));
}

std::string weights(const Json& row) {
    return effective_weight(row) + "/" + text(row, "weight");
}

const std::vector<Column> top_servers{
    {"  SERVER", Align::left, [](const Json& r) { return "  " + text(r, "server"); }},
    {"STATE", Align::left, [](const Json& r) { return text(r, "state"); }},
    {"FOR", Align::right, [](const Json& r) { return number<duration_text>(r, "since_ms"); }},
    {"WEIGHT", Align::right, weights, 4},
    {"CONN", Align::right, [](const Json& r) { return number<count_text>(r, "active"); }},
    {"NEW/S", Align::right, [](const Json& r) { return rate_text(r, "new_s"); }, 2},
    {"REF/S", Align::right, [](const Json& r) { return rate_text(r, "refused_s"); }, 3},
    {"CHECK", Align::right, check_time, 3},
    {"HANDSHAKE", Align::right,
     [](const Json& r) { return number<latency_text>(r, "handshake_us"); }, 6},
    {"IN/S", Align::right, [](const Json& r) { return byte_rate(r, "in_s"); }, 5},
    {"OUT/S", Align::right, [](const Json& r) { return byte_rate(r, "out_s"); }, 5},
    {"WHY", Align::left,
     [](const Json& r) {
         return is_plainly_up(r) ? std::string() : r.value("reason", std::string());
     },
     1},
};

const std::vector<Column> top_flows{
    {"CLIENT", Align::left, [](const Json& r) { return text(r, "client"); }, 0, TooLong::cut_front},
    {"SERVICE", Align::left, [](const Json& r) { return text(r, "service"); }, 2,
     TooLong::cut_front},
    {"LOCAL", Align::left, [](const Json& r) { return text(r, "local"); }, 3, TooLong::cut_front},
    {"SERVER", Align::left, [](const Json& r) { return text(r, "server"); }, 0, TooLong::cut_front},
    {"STATE", Align::left, [](const Json& r) { return text(r, "state"); }, 1},
    {"IDLE", Align::right, [](const Json& r) { return number<duration_text>(r, "idle_ms"); }, 1},
};

const Column event_time{"TIME", Align::left, day_and_time};
const Column event_text{"EVENT", Align::left, [](const Json& r) { return text(r, "text"); }};
const std::vector<Column> few_top_events{event_time, event_text};
const std::vector<Column> top_events{
    event_time,
    {"LEVEL", Align::left, [](const Json& r) { return text(r, "level"); }},
    {"KIND", Align::left, [](const Json& r) { return text(r, "kind"); }},
    event_text,
};

const std::vector<Column> top_routers{
    {"ROUTER", Align::left, [](const Json& r) { return text(r, "name"); }},
    {"STATE", Align::left, [](const Json& r) { return text(r, "state"); }},
    {"FOR", Align::right, [](const Json& r) { return number<duration_text>(r, "since_ms"); }},
    {"PRIORITY", Align::right, [](const Json& r) { return text(r, "effective_priority"); }, 2},
    {"MASTER", Align::left, [](const Json& r) { return text(r, "master"); }, 1},
    {"WHY", Align::left, router_why, 3},
};

Tone tone_of(const Json& row) {
    const std::string state = text(row, "state");
    const std::string level = text(row, "level");
    if (state == "down" || state == "fault" || level == "error") return Tone::error;
    const bool is_well = state == "up" || state == "master" || state == "backup" ||
                         state == "established" || state == "-";
    return (state != "-" && !is_well) || level == "warning" ? Tone::warning : Tone::plain;
}

// A table's titles, then a line for each row.
Lines table_lines(const std::vector<Column>& table, const Rows& rows, std::size_t columns) {
    std::ostringstream out;
    set_screen(out, {columns, false});
    print_table(out, table, rows);
    std::istringstream in(out.str());
    Lines lines;
    for (std::string line; std::getline(in, line);)
        lines.push_back({line, lines.empty() ? Tone::heading : tone_of(rows[lines.size() - 1])});
    return lines;
}

std::string in_lower_case(std::string said) {
    std::transform(said.begin(), said.end(), said.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return said;
}

bool has(const Json& row, const std::string& filter) {
    return std::any_of(row.begin(), row.end(), [&](const Json& value) {
        return value.is_string() &&
               in_lower_case(value.get<std::string>()).find(filter) != std::string::npos;
    });
}

Rows filtered(Rows rows, const TopView& view) {
    if (!view.filter.empty())
        std::erase_if(rows, [filter = in_lower_case(view.filter)](const Json& row) {
            return !has(row, filter);
        });
    return rows;
}

double key_of(const Json& row, Order order) {
    const auto value = [&](const char* key) {
        const auto found = row.find(key);
        return found == row.end() || !found->is_number() ? 0.0 : found->get<double>();
    };
    switch (order) {
        case Order::connections:
            return value("active");
        case Order::rate:
            return value("new_s");
        case Order::refusals:
            return value("refused_s");
        case Order::bytes:
            return value("in_s") + value("out_s");
    }
    return 0;
}

double sum_of(const Rows& rows, const char* key) {
    double sum = 0;
    for (const Json& row : rows)
        if (const auto found = row.find(key); found != row.end() && found->is_number())
            sum += found->get<double>();
    return sum;
}

std::string heading_of(const Json& service) {
    return text(service, "service") + "  " + text(service, "lb_algo") + " " +
           text(service, "lb_kind") + "  " + text(service, "servers_up") + "/" +
           text(service, "server_count") + " up  " + number<count_text>(service, "active") +
           " conn";
}

// Services in their order, the servers of each by the view's.
void sort_servers(Rows& servers, const Rows& services, Order order) {
    std::map<std::string, std::size_t> places;
    for (const Json& service : services)
        places.emplace(text(service, "service"), places.size());
    const auto place = [&](const Json& row) {
        const auto found = places.find(text(row, "service"));
        return found == places.end() ? places.size() : found->second;
    };
    std::stable_sort(servers.begin(), servers.end(), [&](const Json& a, const Json& b) {
        const std::size_t left = place(a), right = place(b);
        return left != right ? left < right : key_of(a, order) > key_of(b, order);
    });
}

const Json* service_of(const Rows& services, const Json& server) {
    const auto found = std::find_if(services.begin(), services.end(), [&](const Json& service) {
        return text(service, "service") == text(server, "service");
    });
    return found == services.end() ? nullptr : &*found;
}

Lines server_lines(const TopData& data, const TopView& view, std::size_t columns) {
    Rows rows = filtered(data.servers, view);
    sort_servers(rows, data.services, view.order);
    const Lines table = table_lines(top_servers, rows, columns);
    Lines lines{table.front()};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const bool is_next = i == 0 || text(rows[i], "service") != text(rows[i - 1], "service");
        if (const Json* service = is_next ? service_of(data.services, rows[i]) : nullptr)
            lines.push_back({heading_of(*service), Tone::plain});
        lines.push_back(table[i + 1]);
    }
    return lines;
}

Lines tab_lines(const TopData& data, const TopView& view, std::size_t columns) {
    if (view.tab == Tab::servers) return server_lines(data, view, columns);
    if (view.tab == Tab::flows) return table_lines(top_flows, filtered(data.flows, view), columns);
    Rows events = filtered(data.events, view);
    std::reverse(events.begin(), events.end());  // the newest is what a screen is looked at for
    return table_lines(columns < events_columns ? few_top_events : top_events, events, columns);
}

const char* name_of_order(Order order) {
    constexpr const char* names[] = {"connections", "new/s", "refused/s", "bytes/s"};
    return names[static_cast<int>(order)];
}

std::string bar(const TopData& data, const TopView& view) {
    std::string line;
    const char* names[] = {"servers", "flows", "events"};
    for (int i = 0; i < 3; ++i)
        line += static_cast<Tab>(i) == view.tab ? "[" + std::string(names[i]) + "] "
                                                : " " + std::string(names[i]) + "  ";
    std::ostringstream rates;
    rates.precision(1);
    rates << std::fixed << sum_of(data.servers, "new_s") << " new/s  "
          << bytes_text(static_cast<std::uint64_t>(sum_of(data.servers, "in_s"))) << "/s in  "
          << bytes_text(static_cast<std::uint64_t>(sum_of(data.servers, "out_s"))) << "/s out";
    line += " " + number<count_text>(data.status, "flows") + " conn  " + rates.str();
    if (view.tab == Tab::flows && text(data.status, "flows") != std::to_string(data.flows.size()))
        line += "  the first " + std::to_string(data.flows.size());
    return line;
}

std::string foot(const TopView& view) {
    if (view.is_typing) return "/" + view.filter + "_";
    return "q quit  Tab view  by " + std::string(name_of_order(view.order)) + ": c n r b  / " +
           (view.filter.empty() ? "filter" : "\"" + view.filter + "\"") + "  j k < > scroll";
}

std::string upper(std::string word) {
    for (char& c : word)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return word;
}

ScreenLine title_line(const TopData& data, std::size_t columns) {
    const std::string left = text(data.status, "instance") + "  warren " +
                             text(data.status, "version") + "  up " +
                             number<duration_text>(data.status, "uptime_ms");
    const std::string verdict = text(data.status, "verdict");
    const std::string right = upper(verdict) + "  " + data.time;
    const std::size_t used = left.size() + right.size();
    const bool is_wide = columns < 10'000 && columns > used + 2;
    return {left + std::string(is_wide ? columns - used : 2, ' ') + right,
            verdict == "ok"     ? Tone::plain
            : verdict == "down" ? Tone::error
                                : Tone::warning};
}

// Some of many: the rest is a number.
void add_some(Lines& lines, const Lines& more, std::size_t most) {
    const bool is_cut = more.size() > most;
    const std::size_t shown = is_cut ? most - 1 : more.size();
    lines.insert(lines.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(shown));
    if (is_cut)
        lines.push_back({"   and " + std::to_string(more.size() - shown) + " more", Tone::plain});
}

Lines reason_lines(const TopData& data) {
    Lines lines;
    if (!data.trouble.empty()) lines.push_back({" ! " + data.trouble, Tone::error});
    for (const Json& reason : data.status.value("reasons", Json::array()))
        lines.push_back({" ! " + text(reason, "text") + " -> " + text(reason, "look"),
                         text(reason, "level") == "down" ? Tone::error : Tone::warning});
    return lines;
}

// The titles stay, rows move below them; never past the last one.
void add_table(Lines& lines, const Lines& table, const TopView& view, std::size_t room) {
    if (room == 0) return;
    lines.push_back(table.front());
    const std::size_t rows = table.size() - 1;
    const std::size_t first = std::min(view.scrolled, rows - std::min(rows, room - 1));
    const std::size_t end = rows - first > room - 1 ? first + room - 1 : rows;
    for (std::size_t i = first; i < end; ++i)
        lines.push_back(table[i + 1]);
}

}  // namespace

std::vector<ScreenLine> top_screen(const TopData& data, const TopView& view,
                                   const ScreenSize& size) {
    const bool is_endless = size.rows == std::numeric_limits<std::size_t>::max();
    const std::size_t few = std::max<std::size_t>(size.rows / 6, 2);
    Lines lines{title_line(data, size.columns)};
    add_some(lines, reason_lines(data), few);
    add_some(lines, table_lines(top_routers, data.routers, size.columns), few);
    lines.push_back({bar(data, view), Tone::plain});
    const std::size_t used = lines.size() + (is_endless ? 0 : 1);
    add_table(lines, tab_lines(data, view, size.columns), view,
              size.rows > used ? size.rows - used : 0);
    if (!is_endless) {
        lines.resize(std::max<std::size_t>(size.rows, 1) - 1);
        lines.push_back({foot(view), Tone::plain});
    }
    for (ScreenLine& line : lines)
        line.text = cut_to(line.text, size.columns);
    return lines;
}

}  // namespace warren::ctl
