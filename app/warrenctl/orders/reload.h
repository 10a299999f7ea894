// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl reload [--diff]`: the file is read again; each step one line, the outcome the last.
// It waits until the file is taken up or refused.
#pragma once

#include <iosfwd>
#include <vector>

#include "asking/telemetry.h"
#include "rows/output.h"

namespace warren::ctl {

enum class ReloadKind { now, diff };

// Where the lines go. `errors`: why it is refused, and what is wrong with the file, by file:line.
struct ReloadOutput {
    Output out;
    std::ostream& errors;
};

// Whether it was, or could be, taken up.
bool write_reload(const std::vector<Json>& rows, ReloadKind kind, const ReloadOutput& output);
bool reload(Telemetry& telemetry, ReloadKind kind, const ReloadOutput& output);

}  // namespace warren::ctl
