// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show servers`: a table of each service's servers, and under it what an operator asks
// next of each: why, which factors hold its weight back, what its node says, how far its drain is.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/output.h"

namespace warren::ctl {

inline constexpr std::size_t server_details_columns = 100;  // at most, of a line of them
// What there is to say of one server, as lines of so many columns; each indented. Empty: it is up
// and has been from the start.
std::string server_details(const Json& server, std::size_t columns = server_details_columns);

// Names of orders, the most first: of each service's servers.
const std::vector<std::string>& server_orders();
// Those of a service in that order, in the configuration's where that is "".
void print_servers(std::ostream& out, std::vector<Json> rows, const std::string& order = {});
// Of the servers or services with these names, with or without a port; of none: all. Throws
// std::runtime_error where nothing has one.
void show_servers(Telemetry& telemetry, const std::vector<std::string>& names,
                  const std::string& order, const Output& output);

// A line each, in the configuration's order, with why it is so if it is not up.
void print_short_servers(std::ostream& out, std::vector<Json> servers);

}  // namespace warren::ctl
