// SPDX-License-Identifier: BSD-3-Clause
// The views that are nothing but counters: `show counters`, `show workers`.
#pragma once

#include <vector>

#include "views/pages.h"
#include "views/view_context.h"

namespace warren::views {

// One row per counter: name, total, and each worker's share.
std::vector<Json> counter_rows(const ViewContext& context);
std::vector<Json> worker_rows(const ViewContext& context);

}  // namespace warren::views
