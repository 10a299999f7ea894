// SPDX-License-Identifier: BSD-3-Clause
// The views that are nothing but counters: `show counters`, `show workers`.
#pragma once

#include <vector>

#include "control/pages.h"
#include "control/view_context.h"

namespace warren::control {

// One row per counter: name, total, and each worker's share.
std::vector<Json> counter_rows(const ViewContext& context);
std::vector<Json> worker_rows(const ViewContext& context);

}  // namespace warren::control
