// SPDX-License-Identifier: BSD-3-Clause
#include "table.h"

#include <algorithm>
#include <ostream>
#include <utility>

namespace warren::ctl {
namespace {

using Line = std::vector<std::string>;

std::string padded(const std::string& text, std::size_t width, Align align) {
    const std::string blanks(width - std::min(width, text.size()), ' ');
    return align == Align::left ? text + blanks : blanks + text;
}

}  // namespace

void print_table(std::ostream& out, const std::vector<Column>& columns,
                 const std::vector<Json>& rows, bool with_titles) {
    std::vector<Line> lines;
    if (with_titles) {
        Line titles;
        for (const Column& column : columns)
            titles.emplace_back(column.title);
        lines.push_back(std::move(titles));
    }
    for (const Json& row : rows) {
        Line line;
        for (const Column& column : columns)
            line.push_back(column.text(row));
        lines.push_back(std::move(line));
    }
    std::vector<std::size_t> widths(columns.size(), 0);
    for (const Line& line : lines)
        for (std::size_t i = 0; i < line.size(); ++i)
            widths[i] = std::max(widths[i], line[i].size());
    for (const Line& line : lines) {
        std::string text;
        for (std::size_t i = 0; i < line.size(); ++i)
            text += (i == 0 ? "" : "  ") + padded(line[i], widths[i], columns[i].align);
        text.erase(text.find_last_not_of(' ') + 1);
        out << text << '\n';
    }
}

}  // namespace warren::ctl
