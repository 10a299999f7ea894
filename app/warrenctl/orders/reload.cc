// SPDX-License-Identifier: BSD-3-Clause
#include "orders/reload.h"

#include <algorithm>
#include <ostream>

#include "rows/fields.h"

namespace warren::ctl {

bool write_reload(const std::vector<Json>& rows, ReloadKind kind, const ReloadOutput& output) {
    const bool is_refused = std::any_of(
        rows.begin(), rows.end(), [](const Json& row) { return row.value("refused", false); });
    if (!output.out.is_text()) {
        write_rows(output.out, rows);
        return !is_refused;
    }
    for (const Json& row : rows) {
        if (row.contains("warning")) {
            output.errors << text(row, "warning") << '\n';
            continue;
        }
        const bool is_step = row.contains("step");
        // What differs is what was asked for, also if it needs a restart.
        const bool is_answer = !is_refused || (is_step && kind == ReloadKind::diff);
        (is_answer ? output.out.out : output.errors)
            << text(row, is_step ? "step" : "outcome") << '\n';
    }
    return !is_refused;
}

bool reload(Telemetry& telemetry, ReloadKind kind, const ReloadOutput& output) {
    return write_reload(telemetry.rows("reload", kind == ReloadKind::diff ? "dry-run" : "now"),
                        kind, output);
}

}  // namespace warren::ctl
