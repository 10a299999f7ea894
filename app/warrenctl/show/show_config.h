// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl show config`: the configuration that runs as text that warren takes, each line with
// the file and line it came from as a comment; with defaults also what blocks leave out.
#pragma once

#include <iosfwd>
#include <vector>

#include "asking/telemetry.h"
#include "rows/output.h"

namespace warren::ctl {

void show_config(Telemetry& telemetry, bool with_defaults, const Output& output);

void print_config(std::ostream& out, const std::vector<Json>& rows);

}  // namespace warren::ctl
