// SPDX-License-Identifier: BSD-3-Clause
#include "show/show_flows.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <ostream>
#include <stdexcept>

#include "past/ended.h"
#include "rows/fields.h"
#include "rows/table.h"
#include "text/hints.h"
#include "text/times.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

const std::vector<Column> flow_columns{
    {"CLIENT", Align::left, [](const Json& r) { return text(r, "client"); }, 0, TooLong::cut_front},
    {"SERVICE", Align::left, [](const Json& r) { return text(r, "service"); }, 2,
     TooLong::cut_front},
    {"LOCAL", Align::left, [](const Json& r) { return text(r, "local"); }, 5, TooLong::cut_front},
    {"SERVER", Align::left, [](const Json& r) { return text(r, "server"); }, 0, TooLong::cut_front},
    {"STATE", Align::left, [](const Json& r) { return text(r, "state"); }, 1},
    {"AGE", Align::right, [](const Json& r) { return number<duration_text>(r, "age_ms"); }, 3},
    {"IDLE", Align::right, [](const Json& r) { return number<duration_text>(r, "idle_ms"); }, 1},
    {"IN", Align::right, [](const Json& r) { return number<bytes_text>(r, "to_server_bytes"); }, 4},
    {"OUT", Align::right, [](const Json& r) { return number<bytes_text>(r, "to_client_bytes"); },
     4},
    {"WORKER", Align::right, [](const Json& r) { return text(r, "worker"); }, 6},
};

bool is_in(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string value_of(const std::string& word, const std::string& said) {
    if (word == "idle" || word == "older") return std::to_string(read_duration(said));
    if (word != "state") return read_end(said);
    if (!is_in(flow_state_names(), said))
        throw std::invalid_argument(unknown_word("state", said, flow_state_names()));
    return said;
}

std::uint64_t bytes_of(const Json& row) {
    return row.value("to_server_bytes", std::uint64_t{0}) +
           row.value("to_client_bytes", std::uint64_t{0});
}

void sort_by(std::vector<Json>& rows, const std::string& order) {
    if (order.empty()) return;
    if (order == "bytes") {
        std::stable_sort(rows.begin(), rows.end(),
                         [](const Json& a, const Json& b) { return bytes_of(a) > bytes_of(b); });
        return;
    }
    const bool is_time = order == "idle" || order == "age";
    const std::string key = is_time ? order + "_ms" : order;
    std::stable_sort(rows.begin(), rows.end(), [&](const Json& a, const Json& b) {
        return is_time ? a.value(key, Json()) > b.value(key, Json()) : a[key] < b[key];
    });
}

// How many are old workers cannot count.
std::string left_out_text(Telemetry& telemetry, const FlowChoice& choice) {
    const std::string all = choice.question.find("older ") == std::string::npos
                                ? count_text(count_flows(telemetry, choice.question))
                                : "more";
    return count_text(choice.most) + " of " + all + ": --all shows all, -n N so many\n";
}

}  // namespace

const std::vector<std::string>& flow_filter_names() {
    static const std::vector<std::string> names{"count", "client", "server", "service",
                                                "local", "state",  "idle",   "older"};
    return names;
}

const std::vector<std::string>& flow_orders() {
    static const std::vector<std::string> names{"idle", "age", "bytes", "client", "server"};
    return names;
}

const std::vector<std::string>& flow_state_names() {
    static const std::vector<std::string> names{"syn_sent",   "syn_received", "established",
                                                "fin_client", "fin_server",   "time_wait",
                                                "closed",     "dead"};
    return names;
}

FlowChoice read_flows(const std::vector<std::string>& words) {
    FlowChoice choice;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "count") {
            choice.is_count = true;
            continue;
        }
        if (!is_in(flow_filter_names(), word))
            throw std::invalid_argument(unknown_word("word", word, flow_filter_names()));
        if (++i == words.size()) throw std::invalid_argument(word + " needs a value behind it");
        choice.question +=
            (choice.question.empty() ? "" : " ") + word + ' ' + value_of(word, words[i]);
    }
    return choice;
}

std::uint64_t count_flows(Telemetry& telemetry, const std::string& question) {
    const std::vector<Json> rows = telemetry.rows("flow_count", question);
    return rows.empty() ? 0 : rows.front().value("flows", std::uint64_t{0});
}

void show_flows(Telemetry& telemetry, const FlowChoice& choice, const Output& output) {
    if (choice.is_count) {
        const std::uint64_t flows = count_flows(telemetry, choice.question);
        if (!output.is_text()) return write_rows(output, {{{"flows", flows}}});
        output.out << counted(flows, "connection") << '\n';
        return;
    }
    const std::size_t most =
        choice.most == 0 ? std::numeric_limits<std::size_t>::max() - 1 : choice.most;
    // One more tells that there are more.
    std::vector<Json> rows = telemetry.rows("flows", choice.question, most + 1);
    const bool has_more = rows.size() > most;
    if (has_more) rows.resize(most);
    sort_by(rows, choice.order);
    if (!output.is_text()) return write_rows(output, rows);
    print_table(output.out, flow_columns, rows);
    if (has_more) output.out << left_out_text(telemetry, choice);
}

bool is_reset_of_flows(const std::vector<std::string>& words) {
    return words.size() > 1 && words[0] == "reset" &&
           words[1].find_first_of(".:") == std::string::npos;
}

void reset_flows(Telemetry& telemetry, const std::string& question, const std::string& note,
                 const Output& output) {
    const std::vector<Json> rows =
        telemetry.rows("reset_flows", note.empty() ? question : question + ";" + note);
    if (!output.is_text()) return write_rows(output, rows);
    for (const Json& row : rows) {
        const auto flows = row.value("flows", std::uint64_t{0});
        output.out << counted(flows, "connection") << (flows == 1 ? " is reset\n" : " are reset\n");
    }
}

}  // namespace warren::ctl
