// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl reload [--dry-run]`: the file is read again; each step one line, the outcome the last.
#pragma once

#include <iosfwd>

#include "telemetry.h"

namespace warren::ctl {

// Whether it was, or could be, taken up.
bool reload(Telemetry& telemetry, bool is_dry_run, bool as_json, std::ostream& out);

}  // namespace warren::ctl
