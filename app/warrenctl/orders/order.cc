// SPDX-License-Identifier: BSD-3-Clause
#include "orders/order.h"

#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <limits>
#include <ostream>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "past/ended.h"
#include "rows/fields.h"
#include "text/units.h"

namespace warren::ctl {
namespace {

constexpr auto between_looks = std::chrono::milliseconds(500);

std::int64_t steady_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

// A server may be said without its port (with_port), a service not.
std::string end_problem(const std::string& said, bool needs_port) {
    try {
        const std::string end = read_end(said);
        return has_port(end) || !needs_port ? "" : "which port of " + said + "? VIP:PORT";
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

// A server's name: what was said, or the only one at that address.
std::string with_port(Telemetry& telemetry, const std::string& said) {
    if (has_port(read_end(said))) return said;
    std::set<std::string> names;
    for (const Json& row : telemetry.rows("servers_short"))
        if (is_endpoint(text(row, "server"), read_end(said))) names.insert(text(row, "server"));
    if (names.empty()) throw std::runtime_error("there is no real_server at " + said);
    if (names.size() > 1)
        throw std::runtime_error("several real_servers are at " + said + ": which port?");
    return *names.begin();
}

std::uint64_t flows_of(Telemetry& telemetry, const std::string& server,
                       const std::string& service) {
    std::uint64_t flows = 0;
    for (const Json& row : telemetry.rows("servers_short"))
        if (text(row, "server") == server && (service.empty() || text(row, "service") == service))
            flows += row.value("active", std::uint64_t{0});
    return flows;
}

}  // namespace

std::string order_problem(const std::vector<std::string>& words) {
    const std::string& verb = words[0];
    const std::size_t named = words.size() - 1;
    if (verb == "rebalance")
        return named == 1 ? end_problem(words[1], true) : "rebalance takes VIP:PORT";
    const bool is_weight = verb == "weight";
    const std::size_t service = is_weight ? 3 : 2;
    if (named == service - 1 || named == service) {
        const std::string problem = end_problem(words[1], false);
        return problem.empty() && named == service ? end_problem(words[service], true) : problem;
    }
    if (is_weight)
        return "weight takes SERVER:PORT, a number, a share as 50% or default, and perhaps "
               "VIP:PORT";
    return verb + " takes SERVER:PORT and perhaps VIP:PORT" +
           (verb == "reset" ? "; or client, server, service or local, and whose" : "");
}

bool wait_for_end(Telemetry& telemetry, const std::vector<std::string>& words, const Wait& wait,
                  const std::string& note, const Output& output) {
    const std::string server = with_port(telemetry, words[1]);
    const std::int64_t began_ms = steady_ms();
    std::uint64_t told = std::numeric_limits<std::uint64_t>::max();
    for (;;) {
        const std::uint64_t left = flows_of(telemetry, server, words.size() > 2 ? words[2] : "");
        if (output.is_text() && std::exchange(told, left) != left)
            output.out << server << ": " << counted(left, "connection") << " left\n" << std::flush;
        if (left == 0) return true;
        if (wait.patience_ms && steady_ms() - began_ms >= *wait.patience_ms) break;
        std::this_thread::sleep_for(between_looks);
    }
    if (!wait.then_reset) return false;
    std::vector<std::string> disable{words};
    disable[0] = "disable";
    give_order(telemetry, disable, note, output);
    return true;
}

std::string with_who(const std::string& reason) {
    const char* sudo = std::getenv("SUDO_USER");
    const passwd* own = getpwuid(getuid());
    const std::string who = sudo != nullptr ? sudo : own != nullptr ? own->pw_name : "";
    if (who.empty() || who == "root") return reason;
    return reason.empty() ? who : reason + " (" + who + ")";
}

void give_order(Telemetry& telemetry, std::vector<std::string> words, const std::string& note,
                const Output& output) {
    if (words[0] != "rebalance") words[1] = with_port(telemetry, words[1]);
    std::string order;
    for (const std::string& word : words)
        order += (order.empty() ? "" : ",") + word;
    if (!note.empty()) order += ";" + note;
    const std::vector<Json> rows = telemetry.rows("order", order);
    if (!output.is_text()) return write_rows(output, rows);
    for (const Json& row : rows)
        output.out << (row["server"].is_null() ? "" : text(row, "server") + " of ")
                   << text(row, "service") << ": "
                   << (row.value("changed", false) ? "" : "no change, ") << text(row, "reason")
                   << '\n';
}

}  // namespace warren::ctl
