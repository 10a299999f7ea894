// SPDX-License-Identifier: BSD-3-Clause
// What `warrenctl show history` shows: how each virtual router and real_server has stood in the
// last 24 hours.
#pragma once

#include <string>
#include <string_view>

#include "history/days.h"
#include "model/state.h"
#include "views/pages.h"

namespace warren::views {

// One page, routers first. "hours" has the percent of each hour that it was up, the oldest first;
// null: not known. The cursor is a position among routers and servers.
std::string history_page(const model::State& state, const history::Days& days,
                         std::string_view cursor);

}  // namespace warren::views
