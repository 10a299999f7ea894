// SPDX-License-Identifier: BSD-3-Clause
// Flow sync as rows of JSON (see views.h): peers and routers, standing alarms, what became of a
// hand-over.
#pragma once

#include <vector>

#include "handover/request.h"
#include "views/pages.h"
#include "views/view_context.h"

namespace warren::views {

// {"peer": …} for each peer, then {"router": …} for each router.
std::vector<Json> sync_rows(const ViewContext& c);

// Of `show status`: so many that they fit beside the rest.
inline constexpr std::size_t most_alarms_shown = 16;
Json alarm_list(const ViewContext& c);

std::vector<Json> handover_rows(const std::vector<handover::Row>& rows);

}  // namespace warren::views
