// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl explain CLIENT:PORT [VIP:PORT]`: where a segment of that client would go, and why.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "telemetry.h"

namespace warren::ctl {

// `words`: the client and perhaps the service.
void print_explanation(Telemetry& telemetry, const std::vector<std::string>& words, bool as_json,
                       std::ostream& out);

}  // namespace warren::ctl
