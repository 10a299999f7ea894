// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show sync`: what peers know of our flows, and we of theirs; and `handover`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/output.h"

namespace warren::ctl {

// A line for each peer, then one for each virtual router.
void print_sync(std::ostream& out, const std::vector<Json>& rows);

// {"peers": […], "routers": […]}
Json sync_json(const std::vector<Json>& rows);

// Of `show status`: what can be done about an alarm that a line above tells.
void print_remedy(std::ostream& out, const Json& alarm);
// What is wrong, and that. Nothing: no line.
void print_alarms(std::ostream& out, const Json& alarms);

// "ROUTER[,force][,back]"; true: all of it was done.
bool hand_over(Telemetry& telemetry, const std::string& request, const Output& output);

}  // namespace warren::ctl
