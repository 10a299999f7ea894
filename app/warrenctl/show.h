// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show VIEW [NAME…]`: fetches rows and prints them, as tables for people or as JSON for
// programs (an array of objects; `status` is one object).
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "telemetry.h"

namespace warren::ctl {

const std::vector<std::string>& view_names();

// `view` is one of view_names(); `names` choose virtual routers of the view "vrrp".
void show(Telemetry& telemetry, const std::string& view, const std::vector<std::string>& names,
          bool as_json, std::ostream& out);

}  // namespace warren::ctl
