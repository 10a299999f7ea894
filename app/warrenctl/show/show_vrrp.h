// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show vrrp [ROUTER…]`: one line for each virtual router and, for those named or when
// there are only a few, all that an engineer asks next.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/table.h"

namespace warren::ctl {

// Rows of the view "vrrp", each with its "tracked" things; only those named, if any are.
// Throws std::runtime_error for a name that is no router's.
std::vector<Json> vrrp_rows(Telemetry& telemetry, const std::vector<std::string>& names);

const std::vector<Column>& vrrp_columns();
inline constexpr std::size_t details_columns = 120;  // at most, of a line of details
// What there is to say about one router, as lines of so many columns.
std::string vrrp_details(const Json& router, std::size_t columns = details_columns);
// The table, then the details; without names only of a few routers.
void print_vrrp(std::ostream& out, const std::vector<Json>& rows, bool all_details);

}  // namespace warren::ctl
