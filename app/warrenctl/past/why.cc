// SPDX-License-Identifier: BSD-3-Clause
#include "past/why.h"

#include <limits>
#include <ostream>
#include <stdexcept>

#include "past/ended.h"
#include "rows/fields.h"
#include "text/screen.h"
#include "text/times.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

constexpr std::size_t why_columns = 80;
constexpr std::int64_t slack_ms = 5'000;  // clients' clocks and memories

void write_wrapped(std::ostream& out, const std::string& head, const std::string& said) {
    out << wrapped(head, said, columns_of(out, why_columns));
}

std::string time_of(const Json& row, std::int64_t now_ms) {
    return local_time(time_at(row), now_ms);
}

std::string title_of(const Json& end) {
    std::string title = text(end, "client") + " > " + text(end, "service");
    if (text(end, "server") != "-") title += " > " + text(end, "server");
    const std::string lasted = number<duration_text>(end, "lasted_ms");
    return lasted == "-" ? title : title + ", open for " + lasted;
}

void write_next(std::ostream& out, const Json& next, std::size_t indent) {
    if (!next.is_object()) return;
    write_wrapped(out, std::string(indent, ' '),
                  "it was back after " + number<duration_text>(next, "after_ms") + ": " +
                      text(next, "client") + " > " + text(next, "server"));
}

void write_end(std::ostream& out, const Json& row, std::int64_t now_ms) {
    const Json end = row.value("end", Json::object());
    const std::string head = time_of(end, now_ms) + "  ";
    write_wrapped(out, "", title_of(end));
    write_wrapped(out, head, text(end, "text"));
    for (const Json& event : row.value("events", Json::array()))
        write_wrapped(out, time_of(event, now_ms) + "    ", text(event, "text"));
    write_next(out, row.value("next", Json()), head.size());
}

// The workers know those that this warren has taken over; its own account begins with a handshake.
void count_open(Telemetry& telemetry, std::vector<Json>& rows, const std::string& client) {
    if (!telemetry.tells("flow_count")) return;
    const std::vector<Json> counted = telemetry.rows("flow_count", "client " + read_end(client));
    for (Json& row : rows)
        if (row.contains("open") && !counted.empty()) row["open"] = counted.front()["flows"];
}

}  // namespace

std::string why_question(const std::vector<std::string>& words, std::int64_t now_ms) {
    const bool has_time = words.size() == 4 && words[2] == "at";
    if (words.size() != 2 && !has_time)
        throw std::invalid_argument("why takes CLIENT[:PORT] and perhaps: at TIME");
    std::string question = read_end(words[1]);
    if (!has_time)
        return question + ",0," + std::to_string(std::numeric_limits<std::int64_t>::max());
    const TimeSpan span = read_time(words[3], now_ms);
    return question + "," + std::to_string(span.from_ms - slack_ms) + "," +
           std::to_string(span.to_ms + slack_ms);
}

bool write_why(const std::vector<Json>& rows, const std::string& asked, std::int64_t now_ms,
               std::ostream& out) {
    bool is_first = true;
    std::uint64_t open = 0;
    for (const Json& row : rows) {
        open = row.value("open", open);
        if (!row.contains("end")) continue;
        out << (is_first ? "" : "\n");
        write_end(out, row, now_ms);
        is_first = false;
    }
    if (!is_first) return true;
    out << "nothing of " << asked << " has ended here; " << count_text(open)
        << (open == 1 ? " of its connections is open\n" : " of its connections are open\n");
    return false;
}

bool print_why(Telemetry& telemetry, const std::vector<std::string>& words, const Output& output) {
    const std::int64_t now_ms = wall_ms();
    std::vector<Json> rows = telemetry.rows("why", why_question(words, now_ms));
    count_open(telemetry, rows, words[1]);
    const std::string asked = words.size() > 2 ? words[1] + " at " + words[3] : words[1];
    if (output.is_text()) return write_why(rows, asked, now_ms, output.out);
    write_rows(output, rows);
    return rows.size() > 1;
}

}  // namespace warren::ctl
