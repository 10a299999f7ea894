// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl explain CLIENT:PORT [VIP:PORT]`: where a segment of that client would go, and why.
#pragma once

#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/output.h"

namespace warren::ctl {

// `words`: the client and perhaps the service.
void print_explanation(Telemetry& telemetry, const std::vector<std::string>& words,
                       const Output& output);

}  // namespace warren::ctl
