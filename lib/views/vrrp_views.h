// SPDX-License-Identifier: BSD-3-Clause
// Virtual routers and what they track, as rows of JSON (see views.h). Times to come count from now.
#pragma once

#include <vector>

#include "views/pages.h"
#include "views/view_context.h"

namespace warren::views {

std::vector<Json> vrrp_rows(const ViewContext& c);

// One row for each thing that a router tracks; a page holds some, whatever a router tracks.
std::vector<Json> tracked_rows(const ViewContext& c);

}  // namespace warren::views
