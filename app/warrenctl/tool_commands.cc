// SPDX-License-Identifier: BSD-3-Clause
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "commands.h"
#include "help_words.h"
#include "live/top.h"
#include "orders/audit.h"
#include "orders/capture.h"
#include "orders/check.h"
#include "orders/support.h"
#include "text/hints.h"
#include "text/screen.h"

namespace warren::ctl {
namespace {

void check_help(const Said& said) {
    check_count(said, 2);
}

int run_help(const Said& said, const Output& output) {
    const std::string word = said.words.size() > 1 ? said.words[1] : "";
    const bool is_verb = word.empty() || find_verb(word) != nullptr;
    if (is_verb) print_help(output.out, word);
    std::ostringstream text;
    set_screen(text, screen_of(output.out));
    if (!word.empty() && explain_word(word, text))
        output.out << (is_verb ? "\n" : "") << text.str();
    if (is_verb || !text.str().empty()) return 0;
    Words known = next_words({});
    for (const std::string& name : explained_words())
        known.push_back(name);
    throw UsageError(unknown_word("command, counter, event, reason or cause", word, known));
}

void check_top(const Said& said) {
    check_count(said, 1);
    const auto delay_s = said.value<double>("delay");
    if (!(delay_s >= 0.1 && delay_s <= 3'600))
        throw UsageError("top: --delay is 0.1 to 3600 seconds");
}

int run_top(const Said& said, const Output& output) {
    const bool goes_on = said.has("delay") || isatty(STDOUT_FILENO) != 0;
    top({output.instance, said.value<double>("delay"), goes_on, output.format}, output.out);
    return 0;
}

CaptureOptions capture_options(const Said& said) {
    const bool is_trace = said.words[0] == "trace";
    CaptureOptions options;
    options.file = is_trace || said.text("write").empty() ? "-" : said.text("write");
    options.packets = said.value<std::uint64_t>("count");
    if (options.packets == 0) options.packets = said.value<std::size_t>("last");
    if (options.packets == 0 && is_trace) options.packets = trace_packets;
    options.bytes = said.value<std::uint64_t>("bytes");
    options.seconds = said.value<unsigned>("seconds");
    options.snap = said.value<unsigned>("snap");
    return options;
}

void check_capture(const Said& said) {
    if (const std::string problem = capture_problem(said.words); !problem.empty())
        throw UsageError(problem);
    const bool is_terminal = capture_options(said).file == "-" && isatty(STDOUT_FILENO) != 0;
    if (is_terminal && said.words[0] == "capture")
        throw UsageError("capture writes pcapng: -w FILE, or a pipe: capture | tcpdump -r -");
}

int run_capture(const Said& said, const Output& output) {
    CaptureOptions options = capture_options(said);
    options.instance = output.instance;
    options.is_json = !output.is_text();
    return capture(said.words, options, std::cerr) ? 0 : 1;
}

Limits limits_of(const Said& said) {
    return usage_of([&] {
        return Limits{read_limits(said.value<Words>("warn")),
                      read_limits(said.value<Words>("critical"))};
    });
}

void check_check(const Said& said) {
    check_count(said, 1);
    limits_of(said);
}

int run_check(const Said& said, const Output& output) {
    return check(output.instance, limits_of(said), output.out);
}

int run_support(const Said& said, const Output& output) {
    support({output.instance, said.text("output")}, output.out, std::cerr);
    return 0;
}

void check_audit(const Said& said) {
    check_count(said, 1);
    for (const char* needed : {"url", "username", "password-file"})
        if (said.text(needed).empty()) throw UsageError(std::string("audit needs --") + needed);
}

// Exit status 2: what it wants cannot be known.
int run_audit(const Said& said, const Output& output) {
    AuditOptions options;
    options.login = {said.text("url"), said.text("username"), {}, said.text("ca-file")};
    options.vips = said.value<Words>("vip");
    const std::string& path = said.text("password-file");
    std::ifstream file(path);
    if (!std::getline(file, options.login.password))
        throw UsageError("audit: cannot read the password-file \"" + path + '"');
    try {
        return audit(options, output, std::cerr);
    } catch (const std::runtime_error& error) {
        throw UsageError(std::string("audit: ") + error.what());
    }
}

}  // namespace

std::vector<Command> tool_commands() {
    return {{"help", check_help, run_help, Formats::none, true},
            {"top", check_top, run_top, Formats::endless},
            {"capture", check_capture, run_capture, Formats::none},
            {"trace", check_capture, run_capture, Formats::endless},
            {"check", check_check, run_check, Formats::none},
            {"support", check_alone, run_support, Formats::none},
            {"audit", check_audit, run_audit}};
}

}  // namespace warren::ctl
