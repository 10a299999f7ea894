// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show servers`: a table of each service's servers, and under it what an operator asks
// next of each: why, which factors hold its weight back, what its node says, how far its drain is.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "telemetry.h"

namespace warren::ctl {

inline constexpr std::size_t server_details_columns = 100;  // at most, of a line of them
// What there is to say of one server, as lines of so many columns; each indented.
std::string server_details(const Json& server, std::size_t columns = server_details_columns);
void print_servers(std::ostream& out, std::vector<Json> rows);

// A line each, in the configuration's order, with why it is so if it is not up.
void print_short_servers(std::ostream& out, std::vector<Json> servers);

}  // namespace warren::ctl
