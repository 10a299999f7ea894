// SPDX-License-Identifier: BSD-3-Clause
#include "reload.h"

#include <ostream>
#include <vector>

#include "fields.h"

namespace warren::ctl {

bool reload(Telemetry& telemetry, bool is_dry_run, bool as_json, std::ostream& out) {
    const std::vector<Json> rows = telemetry.rows("reload", is_dry_run ? "dry-run" : "now");
    if (as_json) out << Json(rows).dump(2) << '\n';
    bool is_refused = false;
    for (const Json& row : rows) {
        is_refused = is_refused || row.value("refused", false);
        if (!as_json) out << text(row, row.contains("step") ? "step" : "outcome") << '\n';
    }
    return !is_refused;
}

}  // namespace warren::ctl
