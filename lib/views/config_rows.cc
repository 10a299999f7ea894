// SPDX-License-Identifier: BSD-3-Clause
#include "views/config_rows.h"

#include <charconv>

namespace warren::views {
namespace {

Json config_row(const syntax::TextLine& line) {
    return {{"text", line.text},
            {"file", line.where.file ? Json(*line.where.file) : Json()},
            {"line", line.where.line}};
}

}  // namespace

std::string config_page(const std::vector<syntax::TextLine>& lines, std::string_view cursor) {
    std::size_t number = 0;
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), number);
    Page page("config");
    for (; number < lines.size(); ++number)
        if (!page.add(config_row(lines[number]))) return page.finish(std::to_string(number));
    return page.finish(std::nullopt);
}

}  // namespace warren::views
