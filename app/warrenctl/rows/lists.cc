// SPDX-License-Identifier: BSD-3-Clause
#include "rows/lists.h"

#include <algorithm>
#include <chrono>
#include <iostream>
#include <ostream>
#include <thread>

#include "rows/fields.h"

namespace warren::ctl {
namespace {

constexpr auto pause = std::chrono::milliseconds(300);

std::uint64_t number_of(const Json& row) {
    return row.value("number", std::uint64_t{0});
}

void print_rows(const std::vector<Json>& rows, const ListOutput& output, bool with_titles) {
    if (output.to.is_text())
        print_table(output.to.out, output.columns, rows, with_titles);
    else
        write_later_rows(output.to, rows);
    output.to.out.flush();
}

// From the row behind number `last` on.
void follow(Telemetry& telemetry, const std::string& view, std::uint64_t last, const Wanted& wanted,
            const ListOutput& output) {
    while (output.to.out) {
        std::this_thread::sleep_for(pause);
        std::vector<Json> rows = telemetry.rows(view, std::to_string(last + 1));
        if (rows.empty()) continue;
        last = number_of(rows.back());
        std::erase_if(rows, [&](const Json& row) { return !wanted(row); });
        if (!rows.empty()) print_rows(rows, output, false);
    }
}

std::vector<Json> all_of(Telemetry& telemetry, const std::string& view, const Choice& choice) {
    return telemetry.rows(view, choice.since_ms ? "@" + std::to_string(*choice.since_ms) : "");
}

void cut(std::vector<Json>& rows, const Choice& choice, const Wanted& wanted) {
    std::erase_if(rows, [&](const Json& row) {
        const std::int64_t at = time_at(row);
        return at > choice.until_ms || at < choice.since_ms.value_or(at) || !wanted(row);
    });
    if (choice.most != 0 && rows.size() > choice.most)
        rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(choice.most));
}

}  // namespace

std::vector<Json> chosen(Telemetry& telemetry, const std::string& view, const Choice& choice,
                         const Wanted& wanted) {
    std::vector<Json> rows = all_of(telemetry, view, choice);
    cut(rows, choice, wanted);
    return rows;
}

void print_list(Telemetry& telemetry, const std::string& view, const Choice& choice,
                const Wanted& wanted, const ListOutput& output) {
    std::vector<Json> rows = all_of(telemetry, view, choice);
    const std::uint64_t last = rows.empty() ? 0 : number_of(rows.back());
    cut(rows, choice, wanted);
    if (!choice.follow && !output.to.is_text()) return write_rows(output.to, rows);
    print_rows(rows, output, true);
    if (rows.empty() && !choice.follow) std::cerr << "warrenctl: there is nothing of that kind\n";
    if (choice.follow) follow(telemetry, view, last, wanted, output);
}

}  // namespace warren::ctl
