// SPDX-License-Identifier: BSD-3-Clause
#include "show/show_config.h"

#include <algorithm>
#include <ostream>

#include "rows/fields.h"
#include "text/screen.h"

namespace warren::ctl {
namespace {

constexpr std::size_t comment_column = 48;  // farther right after a longer line
constexpr std::size_t shortest_path = 8;

std::string padded(std::string line) {
    line.resize(std::max(line.size() + 1, comment_column), ' ');
    return line;
}

// "…/warren/warren.conf:12": of a long path the end tells most. Beside a long line it is left out.
std::string with_origin(const std::string& line, const std::string& origin, std::size_t columns) {
    const std::string whole = padded(line) + "# ";
    if (columns == 0 || width_of(whole) + width_of(origin) <= columns) return whole + origin;
    const std::size_t room = columns - std::min(columns, width_of(whole));
    return room < shortest_path ? line : whole + cut_front(origin, room);
}

}  // namespace

void show_config(Telemetry& telemetry, bool with_defaults, const Output& output) {
    const std::vector<Json> rows = telemetry.rows("config", with_defaults ? "defaults" : "");
    if (output.is_text())
        print_config(output.out, rows);
    else
        write_rows(output, rows);
}

// What closes a block has the origin of what opens it.
void print_config(std::ostream& out, const std::vector<Json>& rows) {
    const std::size_t columns = screen_of(out).columns;
    for (const Json& row : rows) {
        const std::string line = text(row, "text");
        if (line.ends_with('}'))
            out << line << '\n';
        else
            out << with_origin(line, text(row, "file") + ":" + text(row, "line"), columns) << '\n';
        const std::string indent(std::min(line.find_first_not_of(' '), line.size()) + 4, ' ');
        for (const Json& said : row.value("defaults", Json::array()))
            out << padded(indent + said.get<std::string>()) << "# default\n";
    }
}

}  // namespace warren::ctl
