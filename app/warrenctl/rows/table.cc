// SPDX-License-Identifier: BSD-3-Clause
#include "rows/table.h"

#include <algorithm>
#include <ostream>

#include "text/screen.h"

namespace warren::ctl {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t shortest_cut = 8;

// A column of the table as text.
struct Strip {
    const Column* column;
    std::vector<std::string> cells;
    std::size_t width = 0;
};
using Strips = std::vector<Strip>;

Strip strip_of(const Column& column, const std::vector<Json>& rows, bool with_title) {
    Strip strip{&column, {}};
    if (with_title) strip.cells.emplace_back(column.title);
    for (const Json& row : rows)
        strip.cells.push_back(column.text(row));
    for (const std::string& cell : strip.cells)
        strip.width = std::max(strip.width, width_of(cell));
    return strip;
}

std::size_t total_width(const Strips& strips) {
    std::size_t width = 0;
    for (const Strip& strip : strips)
        width += (width == 0 ? 0 : gap) + strip.width;
    return width;
}

// The one that can best be done without, the right one of equals; or the end.
Strips::iterator least_wanted(Strips& strips) {
    auto found = strips.end();
    for (auto strip = strips.begin(); strip != strips.end(); ++strip)
        if (strip->column->rank != 0 &&
            (found == strips.end() || strip->column->rank >= found->column->rank))
            found = strip;
    return found;
}

// Numbers are not cut.
Strips::iterator widest_text(Strips& strips) {
    auto found = strips.end();
    for (auto strip = strips.begin(); strip != strips.end(); ++strip)
        if (strip->column->align == Align::left && strip->width > shortest_cut &&
            (found == strips.end() || strip->width >= found->width))
            found = strip;
    return found;
}

void fit(Strips& strips, std::size_t columns) {
    while (total_width(strips) > columns) {
        const auto strip = least_wanted(strips);
        if (strip == strips.end()) break;
        strips.erase(strip);
    }
    while (total_width(strips) > columns) {
        const auto strip = widest_text(strips);
        if (strip == strips.end()) break;
        --strip->width;
    }
}

std::string padded(std::ostream& out, const Strip& strip, std::size_t line, bool is_last) {
    const bool keeps_end = strip.column->too_long == TooLong::cut_front;
    const std::string text = (keeps_end ? cut_front : cut_to)(strip.cells[line], strip.width);
    const std::string blanks(strip.width - width_of(text), ' ');
    if (strip.column->align == Align::right) return blanks + text;
    return coloured(out, text) + (is_last ? "" : blanks);
}

bool goes_on(const Strip& last, std::size_t line) {
    return last.column->too_long == TooLong::wrap && width_of(last.cells[line]) > last.width;
}

}  // namespace

void print_table(std::ostream& out, const std::vector<Column>& columns,
                 const std::vector<Json>& rows, bool with_titles) {
    Strips strips;
    for (const Column& column : columns)
        strips.push_back(strip_of(column, rows, with_titles));
    const std::size_t most = screen_of(out).columns;
    if (most != 0) fit(strips, most);
    for (std::size_t line = 0; line < rows.size() + (with_titles ? 1 : 0); ++line) {
        std::string text;
        if (most != 0 && goes_on(strips.back(), line)) {
            for (auto strip = strips.begin(); strip + 1 != strips.end(); ++strip)
                text += padded(out, *strip, line, false) + std::string(gap, ' ');
            out << wrapped(text, strips.back().cells[line], most);
            continue;
        }
        for (const Strip& strip : strips)
            text += (text.empty() ? "" : std::string(gap, ' ')) +
                    padded(out, strip, line, &strip == &strips.back());
        text.erase(text.find_last_not_of(' ') + 1);
        out << text << '\n';
    }
}

}  // namespace warren::ctl
