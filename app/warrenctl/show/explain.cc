// SPDX-License-Identifier: BSD-3-Clause
#include "show/explain.h"

#include <ostream>

#include "rows/fields.h"
#include "rows/table.h"
#include "text/screen.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

const std::vector<Column> candidate_columns{
    {"SERVER", Align::left, [](const Json& r) { return text(r, "server"); }},
    {"WEIGHT", Align::right, [](const Json& r) { return decimal(r, "weight"); }},
    {"ACTIVE", Align::right, [](const Json& r) { return text(r, "active"); }},
    {"", Align::left,
     [](const Json& r) {
         const std::string against = text(r, "against");
         return against.empty() ? std::string("takes new flows") : against;
     }},
};

}  // namespace

void print_explanation(Telemetry& telemetry, const std::vector<std::string>& words,
                       const Output& output) {
    const std::vector<Json> rows =
        telemetry.rows("explain", words.size() > 1 ? words[0] + "," + words[1] : words[0]);
    if (!output.is_text()) return write_rows(output, rows);
    const Json row = rows.empty() ? Json::object() : rows.front();
    std::ostream& out = output.out;
    out << wrapped("",
                   text(row, "client") + " > " + text(row, "service") + ": " + text(row, "answer"),
                   columns_of(out, std::string::npos));
    if (const Json flow = row.value("flow", Json()); flow.is_object())
        out << "flow: " << text(flow, "state") << ", local " << text(flow, "local") << ", idle "
            << duration_text(flow.value("idle_ms", std::uint64_t{0})) << '\n';
    if (!row.contains("servers")) return;
    out << "lb_algo " << text(row, "lb_algo") << ", quorum " << text(row, "quorum") << "\n\n";
    print_table(out, candidate_columns, row["servers"]);
    if (const auto left_out = row.value("left_out", 0U); left_out != 0)
        out << "and " << left_out << " more\n";
}

}  // namespace warren::ctl
