// SPDX-License-Identifier: BSD-3-Clause
// What `warrenctl show` shows: rows of JSON made of the manager's state and everybody's counters.
// Names end in their unit; times ago are relative to now, so that a reader needs no clock of ours.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "views/pages.h"
#include "views/view_context.h"

namespace warren::views {

using ViewFunction = std::vector<Json> (*)(const ViewContext&);

// The page that begins at that row; what a row is the view knows.
using PageFunction = std::string (*)(const ViewContext&, std::size_t from);

struct View {
    const char* name;
    ViewFunction rows;            // null: for a screen, and by pages only
    PageFunction page = nullptr;  // null: of all rows
};

std::string view_page(const View& view, const ViewContext& context, std::string_view cursor);

// All views but "flows", which the workers answer (flow_listing.h).
const std::vector<View>& all_views();

}  // namespace warren::views
