// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show VIEW [NAME…]`: fetches rows and prints them, as tables for people or in a format
// for programs; `status` and `sync` are one row.
#pragma once

#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/output.h"

namespace warren::ctl {

const std::vector<std::string>& view_names();

// `view` is one of view_names(); `names` choose virtual routers of the view "vrrp".
void show(Telemetry& telemetry, const std::string& view, const std::vector<std::string>& names,
          const Output& output);

}  // namespace warren::ctl
