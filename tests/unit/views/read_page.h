// SPDX-License-Identifier: BSD-3-Clause
// What stands in a page, whatever its rows look like there.
#pragma once

#include <string>
#include <utility>

#include "views/pages.h"

namespace warren::views {

// All rows as objects.
inline Json read_page(const std::string& text) {
    Json page = Json::parse(text);
    if (!page.contains("keys")) return page;
    for (Json& row : page.at("rows")) {
        if (!row.is_array()) continue;
        Json whole = Json::object();
        std::size_t at = 0;
        for (const Json& key : page.at("keys"))
            whole[key.get<std::string>()] = row.at(at++);
        row = std::move(whole);
    }
    page.erase("keys");
    return page;
}

}  // namespace warren::views
