// SPDX-License-Identifier: BSD-3-Clause
#include "http/view_pages.h"

#include <memory>
#include <utility>

namespace warren::http {
namespace {

using views::Json;

class RowGathering : public std::enable_shared_from_this<RowGathering> {
  public:
    RowGathering(ViewPage page, Later later, std::function<void(std::string rows)> done)
        : page_(std::move(page)), later_(std::move(later)), done_(std::move(done)) {}

    // What a check's server said need not be UTF-8.
    void take_page() {
        const Json page = Json::parse(page_(cursor_), nullptr, false);
        Json rows = Json::array();
        if (page.is_object() && page.contains("rows")) add_rows(page, rows);
        for (const Json& row : rows)
            text_ += (text_.empty() ? "" : ",") +
                     row.dump(-1, ' ', false, Json::error_handler_t::replace);
        cursor_ = page.is_object() ? page.value("next", "") : "";
        if (cursor_.empty()) return done_(std::move(text_));
        later_([self = shared_from_this()] { self->take_page(); });
    }

  private:
    ViewPage page_;
    Later later_;
    std::function<void(std::string rows)> done_;
    std::string cursor_, text_;
};

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

void gather_rows(ViewPage page, Later later, std::function<void(std::string rows)> done) {
    std::make_shared<RowGathering>(std::move(page), std::move(later), std::move(done))->take_page();
}

}  // namespace warren::http
