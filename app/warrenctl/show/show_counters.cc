// SPDX-License-Identifier: BSD-3-Clause
#include "show/show_counters.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ostream>
#include <thread>
#include <utility>

#include "counter_texts.h"
#include "rows/fields.h"
#include "rows/table.h"
#include "text/screen.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

constexpr std::size_t help_columns = 80;

bool has_moved(const Json& row) {
    return row.value("total", std::uint64_t{0}) != 0;
}

// Whole above ten: nobody reads the rest.
std::string rate_of(const Json& row) {
    if (!row.contains("per_s") || !row["per_s"].is_number()) return "-";  // a gauge
    const double rate = row["per_s"].get<double>();
    return rate >= 10 ? count_text(static_cast<std::uint64_t>(std::llround(rate)))
                      : decimal_text(rate);
}

const std::vector<Column> counter_columns{
    {"GROUP", Align::left, [](const Json& r) { return text(r, "group"); }, 2},
    {"COUNTER", Align::left, [](const Json& r) { return text(r, "name"); }},
    {"TOTAL", Align::right, [](const Json& r) { return number<count_text>(r, "total"); }},
    {"A SECOND", Align::right, rate_of},
    {"LAST", Align::right, [](const Json& r) { return number<duration_text>(r, "moved_ms"); }, 1},
    {"BY WORKER", Align::left,
     [](const Json& r) {
         const Json shares = r.value("workers", Json::array());
         return shares.size() > 1 ? joined(shares) : std::string();
     },
     3},
};

// Both looks have the same rows; an interface that has come in between has none.
void take_rates(std::vector<Json>& rows, const std::vector<Json>& before, double seconds) {
    for (Json& row : rows) {
        const auto same = std::find_if(before.begin(), before.end(), [&](const Json& old) {
            return old["group"] == row["group"] && old["name"] == row["name"];
        });
        const auto total = row.value("total", std::uint64_t{0});
        const auto was = same == before.end() ? total : same->value("total", std::uint64_t{0});
        if (row.contains("per_s") && row["per_s"].is_null()) continue;
        row["per_s"] = static_cast<double>(total - std::min(was, total)) / seconds;
    }
}

}  // namespace

const std::vector<std::string>& counter_group_names() {
    static const std::vector<std::string> names{"worker",  "drop",         "refusal",
                                                "control", "manager",      "port",
                                                "sync",    "sync_refused", "netlink"};
    return names;
}

void show_counters(Telemetry& telemetry, const CounterChoice& choice, const Output& output) {
    std::vector<Json> rows = telemetry.rows("counters");
    if (choice.seconds > 0) {
        std::this_thread::sleep_for(std::chrono::duration<double>(choice.seconds));
        const std::vector<Json> before = std::exchange(rows, telemetry.rows("counters"));
        take_rates(rows, before, choice.seconds);
    }
    std::erase_if(rows, [&](const Json& row) {
        return !choice.group.empty() && text(row, "group") != choice.group;
    });
    if (!output.is_text()) return write_rows(output, rows);
    const std::size_t all = rows.size();
    if (!choice.with_all) std::erase_if(rows, [](const Json& row) { return !has_moved(row); });
    print_table(output.out, counter_columns, rows);
    const std::size_t others = all - rows.size();
    if (others != 0)
        output.out << others << (others == 1 ? " other is" : " others are")
                   << " 0: --all; warrenctl help COUNTER explains one\n";
}

bool explain_counter(const std::string& name, std::ostream& out) {
    bool is_known = false;
    const std::size_t columns = columns_of(out, help_columns);
    for (const CounterText& text : counter_texts) {
        if (text.name != name) continue;
        out << (std::exchange(is_known, true) ? "\n" : "") << text.name << ", of " << text.group
            << '\n';
        for (const auto& [title, said] :
             {std::pair{"counts ", text.counts}, std::pair{"healthy", text.healthy},
              std::pair{"if not ", text.remedy}})
            if (!said.empty())
                out << wrapped(std::string("  ") + title, ' ' + std::string(said), columns);
    }
    return is_known;
}

std::vector<std::string> counter_names() {
    std::vector<std::string> names;
    for (const CounterText& text : counter_texts)
        names.emplace_back(text.name);
    return names;
}

}  // namespace warren::ctl
