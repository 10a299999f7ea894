// SPDX-License-Identifier: BSD-3-Clause
#include "order.h"

#include <ostream>

#include "fields.h"

namespace warren::ctl {

bool is_order(const std::string& word) {
    return word == "drain" || word == "enable" || word == "disable" || word == "weight" ||
           word == "reset" || word == "rebalance";
}

std::string order_problem(const std::vector<std::string>& words) {
    const std::string& verb = words[0];
    const std::size_t named = words.size() - 1;
    if (verb == "rebalance") return named == 1 ? "" : "rebalance takes VIP:PORT";
    if (verb == "weight")
        return named == 2 || named == 3
                   ? ""
                   : "weight takes SERVER:PORT, a number or default, and perhaps VIP:PORT";
    return named == 1 || named == 2 ? "" : verb + " takes SERVER:PORT and perhaps VIP:PORT";
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
        out << (row["server"].is_null() ? "" : text(row, "server") + " of ") << text(row, "service")
            << ": " << (row.value("changed", false) ? "" : "no change, ") << text(row, "reason")
            << '\n';
}

}  // namespace warren::ctl
