// SPDX-License-Identifier: BSD-3-Clause
// How all is, in one line, for a service manager's list of services.
#pragma once

#include <string>

#include "exchange/worker_link.h"
#include "model/state.h"

namespace warren::views {

// "master of rabbit, 3/3 servers up, 412 flows"
std::string status_line(const model::State& state, const exchange::Exchange& exchange);

}  // namespace warren::views
