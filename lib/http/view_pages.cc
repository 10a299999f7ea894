// SPDX-License-Identifier: BSD-3-Clause
#include "http/view_pages.h"

#include <utility>

namespace warren::http {
namespace {

using views::Json;

constexpr std::string_view end_of_answer = "]}";

// What a check's server said need not be UTF-8.
std::string text_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void add_rows(const Json& page, Json& rows) {
    const Json keys = page.value("keys", Json::array());
    for (const Json& row : page.at("rows")) {
        if (!row.is_array()) {
            rows.push_back(row);
            continue;
        }
        Json named = Json::object();
        for (std::size_t i = 0; i < row.size() && i < keys.size(); ++i)
            named[keys[i].get<std::string>()] = row[i];
        rows.push_back(std::move(named));
    }
}

Json envelope(const metrics::Facts& facts, std::string_view view, Json rows) {
    return {{"schema", 1},
            {"instance", facts.view.process.instance},
            {"time", journal::utc_text(facts.view.wall_ms)},
            {"view", view},
            {"rows", std::move(rows)}};
}

bool ViewDocument::step(const metrics::Facts& facts) {
    if (text_.empty()) {
        text_ = text_of(envelope(facts, view_.name, Json::array()));
        text_.resize(text_.size() - end_of_answer.size());
    }
    const Json page = Json::parse(view_page(view_, facts.view, cursor_));
    Json rows = Json::array();
    add_rows(page, rows);
    for (const Json& row : rows)
        text_ += (std::exchange(has_rows_, true) ? "," : "") + text_of(row);
    cursor_ = page.value("next", "");
    if (!cursor_.empty()) return true;
    text_.append(end_of_answer) += '\n';
    return false;
}

}  // namespace warren::http
