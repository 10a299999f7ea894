// SPDX-License-Identifier: BSD-3-Clause
#include "show/show_history.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>
#include <stdexcept>

#include "past/ended.h"
#include "rows/fields.h"
#include "rows/table.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

constexpr std::array blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::string share(const Json& row, const char* part) {
    return share_of_time(row.value(part, std::uint64_t{0}), row.value("known_s", std::uint64_t{0}));
}

const Column name_column{"NAME", Align::left, [](const Json& r) { return text(r, "name"); }};
const Column state_column{"STATE", Align::left, [](const Json& r) { return text(r, "state"); }, 3};
const Column flips_column{"FLIPS", Align::right,
                          [](const Json& r) { return number<count_text>(r, "flips"); }, 2};
const Column up_column{"UP", Align::right, [](const Json& r) { return share(r, "up_s"); }, 1};
const Column hours_column{"24 HOURS TILL NOW", Align::left, [](const Json& r) {
                              return hour_blocks(r.value("hours", Json::array()));
                          }};

const std::vector<Column> router_history{
    name_column,
    state_column,
    flips_column,
    up_column,
    {"MASTER", Align::right, [](const Json& r) { return share(r, "master_s"); }, 4},
    hours_column};
const std::vector<Column> server_history{name_column, state_column, flips_column, up_column,
                                         hours_column};

bool is_named(const Json& row, const std::string& name) {
    const std::string own = text(row, "name");
    return own == name || is_endpoint(own, name);
}

// The rows from there on that stand under the same heading.
std::size_t end_of_group(const std::vector<Json>& rows, std::size_t first) {
    std::size_t end = first;
    while (end < rows.size() &&
           rows[end].value("service", Json()) == rows[first].value("service", Json()))
        ++end;
    return end;
}

}  // namespace

std::string hour_blocks(const Json& hours) {
    std::string line;
    for (const Json& percent : hours)
        line += percent.is_number()
                    ? blocks[std::min<std::size_t>(percent.get<std::size_t>(), 100) *
                             (blocks.size() - 1) / 100]
                    : "·";
    return line;
}

std::string share_of_time(std::uint64_t part_s, std::uint64_t whole_s) {
    if (whole_s == 0) return "-";
    const std::uint64_t hundredths = std::min(part_s, whole_s) * 10'000 / whole_s;
    if (hundredths == 10'000) return "100 %";
    std::array<char, 32> said{};
    std::snprintf(said.data(), said.size(), "%u.%02u %%", static_cast<unsigned>(hundredths / 100),
                  static_cast<unsigned>(hundredths % 100));
    return said.data();
}

std::vector<Json> history_of(std::vector<Json> rows, const std::vector<std::string>& names) {
    for (const std::string& name : names)
        if (std::none_of(rows.begin(), rows.end(),
                         [&](const Json& row) { return is_named(row, name); }))
            throw std::runtime_error("no virtual router or real_server is called \"" + name + '"');
    std::erase_if(rows, [&](const Json& row) {
        return !names.empty() && std::none_of(names.begin(), names.end(), [&](const auto& name) {
            return is_named(row, name);
        });
    });
    return rows;
}

void print_history(std::ostream& out, const std::vector<Json>& rows) {
    for (std::size_t i = 0; i < rows.size();) {
        const std::size_t end = end_of_group(rows, i);
        const bool is_router = text(rows[i], "kind") == "router";
        if (i != 0) out << '\n';
        if (!is_router) out << "SERVICE " << text(rows[i], "service") << '\n';
        print_table(out, is_router ? router_history : server_history,
                    {rows.begin() + static_cast<std::ptrdiff_t>(i),
                     rows.begin() + static_cast<std::ptrdiff_t>(end)});
        i = end;
    }
}

}  // namespace warren::ctl
