// SPDX-License-Identifier: BSD-3-Clause
// What `warrenctl events` and `warrenctl ended` show.
#pragma once

#include <string>
#include <string_view>

#include "history/ended_flows.h"
#include "journal/event_log.h"
#include "views/pages.h"

namespace warren::views {

// One page of rows, the oldest first. The cursor is the number of its first event, or "@MS": the
// first that is not older, in ms since 1970. What has been overwritten meanwhile is left out.
std::string events_page(const journal::EventLog& log, std::string_view cursor);

Json to_json(const journal::Event& event);
Json to_json(const history::EndedFlow& flow);

// The same of ended flows.
std::string ended_page(const history::EndedFlows& flows, std::string_view cursor);

}  // namespace warren::views
