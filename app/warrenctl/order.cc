// SPDX-License-Identifier: BSD-3-Clause
#include "order.h"

#include <ostream>

#include "fields.h"

namespace warren::ctl {

bool is_order(const std::string& word) {
    return word == "drain" || word == "enable" || word == "disable";
}

void give_order(Telemetry& telemetry, const std::vector<std::string>& words, bool as_json,
                std::ostream& out) {
    std::string order;
    for (const std::string& word : words)
        order += (order.empty() ? "" : ",") + word;
    const std::vector<Json> rows = telemetry.rows("order", order);
    if (as_json) {
        out << Json(rows).dump(2) << '\n';
        return;
    }
    for (const Json& row : rows)
        out << text(row, "server") << " of " << text(row, "service") << ": "
            << (row.value("changed", false) ? "" : "no change, ") << text(row, "reason") << '\n';
}

}  // namespace warren::ctl
