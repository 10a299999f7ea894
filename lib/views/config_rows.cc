// SPDX-License-Identifier: BSD-3-Clause
#include "views/config_rows.h"

#include <algorithm>
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

std::vector<Json> reload_rows(const std::vector<std::string>& steps, const std::string& refusal,
                              bool is_rehearsal) {
    std::vector<Json> rows;
    for (std::size_t i = 0; i < std::min(steps.size(), most_reload_steps); ++i)
        rows.push_back({{"step", steps[i].substr(0, longest_reload_step)}});
    if (steps.size() > most_reload_steps)
        rows.push_back({{"step", "and " + std::to_string(steps.size() - most_reload_steps) +
                                     " more: `warren --config NEW --dry-run OLD` names all"}});
    const std::string good = is_rehearsal ? "it could be taken up" : "reloaded";
    const std::string outcome = !refusal.empty() ? refusal.substr(0, longest_reload_step) +
                                                       "; the running configuration stays"
                                : steps.empty() ? "nothing changes"
                                                : good;
    rows.push_back({{"outcome", outcome}, {"refused", !refusal.empty()}});
    return rows;
}

}  // namespace warren::views
