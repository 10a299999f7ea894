// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show servers`: a table of each service's servers, and under it what an operator asks
// next of each: why, which factors hold its weight back, what its node says, how far its drain is.
// At most 100 columns with IPv4.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "telemetry.h"

namespace warren::ctl {

// What there is to say of one server, as lines; each indented.
std::string server_details(const Json& server);
void print_servers(std::ostream& out, const std::vector<Json>& rows);

}  // namespace warren::ctl
