// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show status`: the verdict and its reasons, then virtual routers, each service with its
// servers, interfaces; a screen of 24 lines for a usual one.
#pragma once

#include <iosfwd>

#include "asking/telemetry.h"
#include "rows/output.h"

namespace warren::ctl {

// The row of the view with the lists "ports", "vrrp", "services", "servers", "history", "sync"; for
// a screen servers have what that shows.
Json whole_status(Telemetry& telemetry, bool is_for_screen);

void print_status(const Json& status, std::ostream& out);
void show_status(Telemetry& telemetry, const Output& output);

}  // namespace warren::ctl
