// SPDX-License-Identifier: BSD-3-Clause
#include <unistd.h>

#include <iostream>

#include "commands.h"
#include "orders/order.h"
#include "orders/reload.h"
#include "orders/upgrade.h"
#include "show/show_flows.h"
#include "show/show_sync.h"
#include "text/times.h"

namespace warren::ctl {
namespace {

// More than a few at once: somebody at a terminal is asked.
bool is_meant(Telemetry& telemetry, const std::string& question) {
    constexpr std::uint64_t few = 100;
    if (isatty(STDIN_FILENO) == 0) return true;
    const std::uint64_t flows = count_flows(telemetry, question);
    if (flows <= few) return true;
    std::cerr << flows << " connections are reset. Really (yes)? ";
    std::string said;
    return std::getline(std::cin, said) && (said == "yes" || said == "y");
}

// Why, and who gives the order.
std::string note_of(const Said& said) {
    const std::string& reason = said.text("reason");
    constexpr std::size_t longest = 150;
    if (reason.size() > longest)
        throw UsageError("--reason has " + std::to_string(longest) + " characters at most");
    return with_who(reason);
}

std::int64_t duration_of(const std::string& text) {
    return usage_of([&] { return read_duration(text); });
}

Wait wait_of(const Said& said) {
    Wait wait;
    if (const std::string& text = said.text("timeout"); !text.empty())
        wait.patience_ms = duration_of(text);
    wait.then_reset = said.has("then-reset");
    if (wait.then_reset && !wait.patience_ms) throw UsageError("--then-reset needs --timeout");
    return wait;
}

void check_order(const Said& said) {
    if (is_reset_of_flows(said.words)) {
        usage_of([&] { return read_flows(said.after(1)); });
        if (said.text("output") == "name") throw UsageError("reset has no names to show");
    } else if (const std::string problem = order_problem(said.words); !problem.empty()) {
        throw UsageError(problem);
    }
    wait_of(said);
    note_of(said);
}

int reset_of_flows(Telemetry& telemetry, const Said& said, const Output& output) {
    const FlowChoice choice = read_flows(said.after(1));
    if (choice.question.empty() || choice.is_count)
        throw UsageError("reset needs SERVER:PORT, or client, server, service or local and whose");
    if (!said.has("yes") && !is_meant(telemetry, choice.question)) return 1;
    reset_flows(telemetry, choice.question, note_of(said), output);
    return 0;
}

int run_order(const Said& said, const Output& output) {
    Telemetry telemetry(output.instance);
    if (is_reset_of_flows(said.words)) return reset_of_flows(telemetry, said, output);
    const Wait wait = wait_of(said);
    const std::string note = note_of(said);
    give_order(telemetry, said.words, note, output);
    const bool waits = said.has("wait") || wait.patience_ms;
    return !waits || wait_for_end(telemetry, said.words, wait, note, output) ? 0 : 1;
}

int run_reload(const Said& said, const Output& output) {
    Telemetry telemetry(output.instance);
    const bool is_diff = said.has("diff") || said.has("dry-run");
    const ReloadKind kind = is_diff ? ReloadKind::diff : ReloadKind::now;
    return reload(telemetry, kind, {output, std::cerr}) ? 0 : 1;
}

// As warren takes it: ROUTER|all, then what is said with it.
std::string handover_request(const Said& said) {
    const Words& times = said.value<Words>("for");
    if (!times.empty() && said.has("back"))
        throw UsageError("handover: --back is now, --for is later: which?");
    if (said.has("force") && said.has("back"))
        throw UsageError("handover: --force gives up, --back takes back: which?");
    std::string request = said.words.size() > 1 ? said.words[1] : "all";
    if (said.has("force")) request += ",force";
    if (said.has("back")) request += ",back";
    if (!times.empty()) request += ",for=" + std::to_string(duration_of(times.back()));
    return request;
}

void check_handover(const Said& said) {
    check_count(said, 2);
    handover_request(said);
}

int run_handover(const Said& said, const Output& output) {
    Telemetry telemetry(output.instance);
    return hand_over(telemetry, handover_request(said), output) ? 0 : 1;
}

// `handover --back` as a word of its own.
int run_takeback(const Said& said, const Output& output) {
    Telemetry telemetry(output.instance);
    const std::string router = said.words.size() > 1 ? said.words[1] : "all";
    return hand_over(telemetry, router + ",back", output) ? 0 : 1;
}

// The unit of the default instance has no name behind it (conf/warren.service.in).
int run_upgrade(const Said& said, const Output& output) {
    UpgradeOptions options{said.text("restart-command"), said.has("force")};
    if (options.restart_command.empty())
        options.restart_command =
            "systemctl restart warren" + (output.instance == "warren" ? "" : "@" + output.instance);
    return upgrade(upgrade_means(output.instance), options, output.out) ? 0 : 1;
}

}  // namespace

std::vector<Command> order_commands() {
    std::vector<Command> all{{"reload", check_alone, run_reload, Formats::unnamed},
                             {"handover", check_handover, run_handover, Formats::unnamed},
                             {"takeback", [](const Said& said) { check_count(said, 2); },
                              run_takeback, Formats::unnamed},
                             {"upgrade", check_alone, run_upgrade, Formats::none}};
    for (const char* verb : {"drain", "disable", "enable", "weight", "reset", "rebalance"})
        all.push_back({verb, check_order, run_order});
    return all;
}

}  // namespace warren::ctl
