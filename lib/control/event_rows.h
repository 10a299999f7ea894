// SPDX-License-Identifier: BSD-3-Clause
// What `warrenctl events` and `warrenctl ended` show.
#pragma once

#include <string>
#include <string_view>

#include "control/ended_flows.h"
#include "control/event_log.h"
#include "control/pages.h"

namespace warren::control {

// One page of rows, the oldest first. The cursor is the number of its first event; what has been
// overwritten meanwhile is left out.
std::string events_page(const EventLog& log, std::string_view cursor);

Json to_json(const EndedFlow& flow);

// One page of rows, the oldest first. The cursor is the number of its first row.
std::string ended_page(const EndedFlows& flows, std::string_view cursor);

}  // namespace warren::control
