// SPDX-License-Identifier: BSD-3-Clause
#include "rows/output.h"

#include <algorithm>
#include <ostream>
#include <set>
#include <stdexcept>

#include "text/times.h"

namespace warren::ctl {
namespace {

using Names = std::vector<std::string>;

// Of all rows, in the order of their first appearance.
Names names_of(const std::vector<Json>& rows) {
    Names names;
    for (const Json& row : rows)
        for (const auto& [name, value] : row.items())
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    return names;
}

std::string quoted(const std::string& text) {
    if (text.find_first_of("\",\r\n") == std::string::npos) return text;
    std::string all = "\"";
    for (const char c : text)
        all += c == '"' ? "\"\"" : std::string(1, c);
    return all + '"';
}

std::string cell_of(const Json& row, const std::string& name) {
    const auto found = row.find(name);
    if (found == row.end() || found->is_null()) return {};
    return quoted(found->is_string() ? found->get<std::string>() : found->dump());
}

void write_line(std::ostream& out, const Names& names, const auto& cell) {
    for (const std::string& name : names)
        out << (&name == &names.front() ? "" : ",") << cell(name);
    out << "\r\n";
}

void write_csv(std::ostream& out, const std::vector<Json>& rows, bool with_titles) {
    const Names names = names_of(rows);
    if (names.empty()) return;
    if (with_titles) write_line(out, names, quoted);
    for (const Json& row : rows)
        write_line(out, names, [&](const std::string& name) { return cell_of(row, name); });
}

// What others call it by: a server rather than its service, a client rather than both.
std::string name_of(const Json& row) {
    for (const char* key : {"client", "server", "name", "service", "worker", "instance"})
        if (const auto found = row.find(key); found != row.end() && !found->is_null())
            return found->is_string() ? found->get<std::string>() : found->dump();
    throw std::runtime_error("these rows have no names");
}

// Each once: a server may stand behind several services.
void write_names(std::ostream& out, const std::vector<Json>& rows) {
    std::set<std::string> seen;
    for (const Json& row : rows)
        if (const std::string name = name_of(row); seen.insert(name).second) out << name << '\n';
}

void write_lines(std::ostream& out, const std::vector<Json>& rows) {
    for (const Json& row : rows)
        out << row.dump() << '\n';
}

}  // namespace

const std::vector<std::string>& format_names() {
    static const std::vector<std::string> names{"text", "json", "jsonl", "csv", "name"};
    return names;
}

std::optional<Format> format_called(const std::string& name) {
    const auto found = std::find(format_names().begin(), format_names().end(), name);
    if (found == format_names().end()) return std::nullopt;
    return static_cast<Format>(found - format_names().begin());
}

void write_rows(const Output& output, const std::vector<Json>& rows) {
    if (output.format == Format::csv) return write_csv(output.out, rows, true);
    if (output.format == Format::jsonl) return write_lines(output.out, rows);
    if (output.format == Format::name) return write_names(output.out, rows);
    const Json whole{{"schema", json_schema},
                     {"instance", output.instance},
                     {"time", utc_time(wall_ms())},
                     {"rows", rows}};
    output.out << whole.dump(2) << '\n';
}

void write_later_rows(const Output& output, const std::vector<Json>& rows) {
    if (output.format == Format::csv)
        write_csv(output.out, rows, false);
    else if (output.format == Format::name)
        write_names(output.out, rows);
    else
        write_lines(output.out, rows);
}

}  // namespace warren::ctl
