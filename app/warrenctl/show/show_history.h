// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show history [ROUTER|SERVER ...]`: how each has stood in the last 24 hours, in 80
// columns.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "asking/telemetry.h"

namespace warren::ctl {

// One block an hour, the oldest first: the higher the longer it was up; · is not known.
std::string hour_blocks(const Json& hours);
// "100 %" only of all the time: rounded down.
std::string share_of_time(std::uint64_t part_s, std::uint64_t whole_s);

// Those of these names, servers with or without their ports; no names: all. Throws
// std::runtime_error for a name that nothing has.
std::vector<Json> history_of(std::vector<Json> rows, const std::vector<std::string>& names);
void print_history(std::ostream& out, const std::vector<Json>& rows);

}  // namespace warren::ctl
