// SPDX-License-Identifier: BSD-3-Clause
// warrenctl: asks a running warren and prints. Exit status: 0 done, 1 refused or no answer, 2 wrong
// command line, 3 nobody to talk to.
#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "audit.h"
#include "capture.h"
#include "check.h"
#include "completion.h"
#include "ended.h"
#include "events.h"
#include "explain.h"
#include "order.h"
#include "reload.h"
#include "screen.h"
#include "shell.h"
#include "show.h"
#include "show_sync.h"
#include "support.h"
#include "telemetry.h"
#include "times.h"
#include "top.h"
#include "upgrade.h"
#include "verbs.h"
#include "why.h"

namespace warren::ctl {
namespace {

namespace po = boost::program_options;

class UsageError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

po::options_description visible_options() {
    po::options_description all("Options");
    all.add_options()("instance,i", po::value<std::string>()->default_value("", ""),
                      "the warren to talk to, as in warren --instance; else WARREN_INSTANCE, the "
                      "only one that runs, warren")("json,j", "JSON instead of tables")(
        "wide,W", "all columns, however wide the terminal is")(
        "no-color", "as with NO_COLOR: no colours on a terminal")(
        "since", po::value<std::string>()->default_value(""),
        "of events and ended: 5m, 12:03, 2026-11-28T12:03:07")(
        "until", po::value<std::string>()->default_value(""), "of events and ended")(
        "last,n", po::value<std::size_t>()->default_value(0, ""),
        "of events and ended: so many, the newest")("follow,f",
                                                    "of events and ended: go on with what comes")(
        "level", po::value<std::string>()->default_value("info", ""),
        "of events: info, warning or error, and what is worse")(
        "by", po::value<std::string>()->default_value(""),
        "of ended: count by cause, server, service or client")(
        "wait", "of reload: until it is taken up or refused, as it always does")(
        "diff", "of reload: only say what it would change")("dry-run", "the same as --diff")(
        "force", "of handover and upgrade: give up, by priority 0, what no peer can take over")(
        "back", "of handover: what has been handed over may come back")(
        "delay,d", po::value<double>()->default_value(2, ""), "of top: seconds between two looks")(
        "restart-command", po::value<std::string>()->default_value("", "systemctl restart warren"),
        "of upgrade")("output,o", po::value<std::string>()->default_value(""),
                      "of support: the archive's file, .tar.gz or .tar.xz")(
        "url", po::value<std::string>()->default_value(""),
        "of audit: the management API, http://HOST:15672 or https://HOST:15671")(
        "username", po::value<std::string>()->default_value(""), "of audit")(
        "password-file", po::value<std::string>()->default_value(""),
        "of audit: the password is its first line")(
        "ca-file", po::value<std::string>()->default_value(""), "of audit, with https")(
        "vip", po::value<std::vector<std::string>>()->default_value({}, ""),
        "of audit, with FNAT: where nodes see clients come from")(
        "write,w", po::value<std::string>()->default_value(""),
        "of capture: to that file; - for a pipe")(
        "count,c", po::value<std::uint64_t>()->default_value(0, "10000, trace: 10"),
        "of capture and trace: so many packets")(
        "bytes", po::value<std::uint64_t>()->default_value(0, "64 MB"),
        "of capture: so many are written")(
        "seconds,G", po::value<unsigned>()->default_value(0, "10"),
        "of capture and trace: so long")("snap,s", po::value<unsigned>()->default_value(0, "256"),
                                         "of capture: so many bytes of each frame")(
        "help,h", "show this help")("version", "show the version");
    return all;
}

std::string list_of_views() {
    std::string all;
    for (const std::string& name : view_names())
        all += (all.empty() ? "" : "|") + name;
    return all;
}

void print_help() {
    print_usage(std::cout);
    std::cout << visible_options();
}

po::variables_map parse(const Words& command_line) {
    po::options_description all = visible_options();
    all.add_options()("words", po::value<std::vector<std::string>>());
    po::positional_options_description positions;
    positions.add("words", -1);
    po::variables_map values;
    try {
        namespace style = po::command_line_style;
        po::store(po::command_line_parser(command_line)
                      .options(all)
                      .positional(positions)
                      .style(style::default_style & ~style::allow_guessing)
                      .run(),
                  values);
    } catch (const po::error& error) {
        throw UsageError(error.what());
    }
    return values;
}

void check_filter(const Words& words) {
    try {
        if (words[0] == "why")
            why_question(words, wall_ms());
        else
            EndedFilter::parse({words.begin() + 1, words.end()});
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
    }
}

void check_view(const Words& words) {
    if (words.size() == 1) throw UsageError("show needs one of: " + list_of_views());
    const auto& names = view_names();
    if (std::find(names.begin(), names.end(), words[1]) == names.end())
        throw UsageError("unknown view \"" + words[1] + "\": " + list_of_views());
    if (words.size() > 2 && next_words({"show", words[1]}).empty())
        throw UsageError("show " + words[1] + " takes no more words: \"" + words[2] + '"');
}

void check_words(const Words& words) {
    if (words.empty()) throw UsageError("a command is missing: " + list_of_verbs());
    const std::string& verb = words[0];
    if (find_verb(verb) == nullptr)
        throw UsageError("unknown command \"" + verb + "\": " + list_of_verbs());
    if (verb == "show") return check_view(words);
    if (verb == "ended" || verb == "why") return check_filter(words);
    if (is_order(verb) || is_capture(verb)) {
        const std::string problem = is_order(verb) ? order_problem(words) : capture_problem(words);
        if (!problem.empty()) throw UsageError(problem);
        return;
    }
    if (verb == "explain" && words.size() != 2 && words.size() != 3)
        throw UsageError("explain takes CLIENT:PORT and perhaps VIP:PORT");
    const std::size_t most = verb == "handover" ? 2 : 1;
    const bool is_free = verb == "explain" || verb == "events" || verb == "history";
    if (!is_free && words.size() > most)
        throw UsageError(verb + " takes no more words: \"" + words[most] + '"');
}

// Exit status 2: what it wants cannot be known.
int run_audit(const po::variables_map& values) {
    const auto text = [&values](const char* name) { return values[name].as<std::string>(); };
    AuditOptions options;
    options.login = {text("url"), text("username"), {}, text("ca-file")};
    options.vips = values["vip"].as<std::vector<std::string>>();
    std::ifstream file(text("password-file"));
    if (!std::getline(file, options.login.password))
        throw UsageError("audit: cannot read the password-file \"" + text("password-file") + '"');
    try {
        return audit(options, values.count("json") != 0, std::cout, std::cerr);
    } catch (const std::runtime_error& error) {
        throw UsageError(std::string("audit: ") + error.what());
    }
}

std::string instance_of(const po::variables_map& values) {
    if (auto said = values["instance"].as<std::string>(); !said.empty()) return said;
    if (const char* name = std::getenv("WARREN_INSTANCE"); name != nullptr && *name != '\0')
        return name;
    const std::vector<std::string> running = running_instances();
    return running.size() == 1 ? running.front() : "warren";
}

int run_capture(const po::variables_map& values, const std::vector<std::string>& words) {
    const bool is_trace = words[0] == "trace";
    CaptureOptions options;
    options.instance = instance_of(values);
    options.file = is_trace ? "-" : values["write"].as<std::string>();
    options.packets = values["count"].as<std::uint64_t>();
    if (options.packets == 0) options.packets = values["last"].as<std::size_t>();
    if (options.packets == 0 && is_trace) options.packets = trace_packets;
    options.bytes = values["bytes"].as<std::uint64_t>();
    options.seconds = values["seconds"].as<unsigned>();
    options.snap = values["snap"].as<unsigned>();
    if (options.file.empty()) options.file = "-";
    if (!is_trace && options.file == "-" && isatty(STDOUT_FILENO) != 0)
        throw UsageError("capture writes pcapng: -w FILE, or a pipe: capture | tcpdump -r -");
    return capture(words, options, std::cerr) ? 0 : 1;
}

int run_hand_over(const po::variables_map& values, const std::vector<std::string>& words) {
    if (values.count("force") != 0 && values.count("back") != 0)
        throw UsageError("handover: --force gives up, --back takes back: which?");
    std::string request = words.size() > 1 ? words[1] : "all";
    if (values.count("force") != 0) request += ",force";
    if (values.count("back") != 0) request += ",back";
    Telemetry telemetry(instance_of(values));
    return hand_over(telemetry, request, values.count("json") != 0, std::cout) ? 0 : 1;
}

bool run_reload(Telemetry& telemetry, const po::variables_map& values) {
    const bool is_diff = values.count("diff") != 0 || values.count("dry-run") != 0;
    return reload(telemetry, is_diff ? ReloadKind::diff : ReloadKind::now,
                  {values.count("json") != 0, std::cout, std::cerr});
}

// The unit of the default instance has no name behind it (conf/warren.service.in).
int run_upgrade(const po::variables_map& values) {
    const std::string instance = instance_of(values);
    UpgradeOptions options{values["restart-command"].as<std::string>(), values.count("force") != 0};
    if (options.restart_command.empty())
        options.restart_command =
            "systemctl restart warren" + (instance == "warren" ? "" : "@" + instance);
    return upgrade(upgrade_means(instance), options, std::cout) ? 0 : 1;
}

int run_top(const po::variables_map& values) {
    const auto delay_s = values["delay"].as<double>();
    if (!(delay_s >= 0.1 && delay_s <= 3'600))
        throw UsageError("top: --delay is 0.1 to 3600 seconds");
    const bool goes_on = !values["delay"].defaulted() || isatty(STDOUT_FILENO) != 0;
    top({instance_of(values), delay_s, goes_on, values.count("json") != 0}, std::cout);
    return 0;
}

int run_support(const po::variables_map& values) {
    support({instance_of(values), values["output"].as<std::string>()}, std::cout, std::cerr);
    return 0;
}

Choice choice_of(const po::variables_map& values) {
    Choice choice;
    const auto text = [&values](const char* name) { return values[name].as<std::string>(); };
    try {
        if (!text("since").empty()) choice.since_ms = read_time(text("since"), wall_ms()).from_ms;
        if (!text("until").empty()) choice.until_ms = read_time(text("until"), wall_ms()).from_ms;
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
    }
    choice.most = values["last"].as<std::size_t>();
    choice.follow = values.count("follow") != 0;
    return choice;
}

EventFilter event_filter(const po::variables_map& values, const std::vector<std::string>& words) {
    const auto level = values["level"].as<std::string>();
    if (event_level(level) < 0)
        throw UsageError("\"" + level + "\" is no level: info, warning, error");
    return {words, level};
}

std::string what_to_count(const po::variables_map& values) {
    auto by = values["by"].as<std::string>();
    for (const char* known : {"", "cause", "server", "service", "client"})
        if (by == known) return by;
    throw UsageError("ended --by counts by cause, server, service or client");
}

int obey_words(const Words& command_line);

// The last word is the one that is being written.
int print_completions(const std::string& instance, Words words) {
    const std::string begun = words.size() > 1 ? words.back() : "";
    if (words.size() > 1) words.pop_back();
    words.erase(words.begin());
    for (const std::string& word : completions(words, begun, names_of_instance(instance)))
        std::cout << word << '\n';
    return 0;
}

// What is said of the shell holds for each line.
int run_shell(const po::variables_map& values) {
    const std::string instance = instance_of(values);
    Words always{"--instance", instance};
    for (const char* option : {"wide", "no-color"})
        if (values.count(option) != 0) always.push_back(std::string("--") + option);
    return shell(instance, [&](Words words) {
        words.insert(words.begin(), always.begin(), always.end());
        return obey_words(words);
    });
}

int run(const Words& command_line) {
    const po::variables_map values = parse(command_line);
    if (values.count("help") != 0) {
        print_help();
        return 0;
    }
    if (values.count("version") != 0) {
        std::cout << "warrenctl " WARREN_VERSION "\n";
        return 0;
    }
    auto words = values.count("words") != 0 ? values["words"].as<std::vector<std::string>>()
                                            : std::vector<std::string>{};
    Screen screen = standard_screen(values.count("wide") != 0);
    screen.has_colours = screen.has_colours && values.count("no-color") == 0;
    set_screen(std::cout, screen);
    if (!words.empty() && words[0] == "complete")
        return print_completions(instance_of(values), words);
    check_words(words);
    if (words[0] == "status" || words[0] == "history") words.insert(words.begin(), "show");
    const Choice choice = choice_of(values);
    if (words[0] == "audit") return run_audit(values);
    if (words[0] == "check") return check(instance_of(values), std::cout);
    if (words[0] == "shell") return run_shell(values);
    if (words[0] == "top") return run_top(values);
    if (words[0] == "support") return run_support(values);
    if (words[0] == "handover") return run_hand_over(values, words);
    if (is_capture(words[0])) return run_capture(values, words);
    if (words[0] == "upgrade") return run_upgrade(values);
    Telemetry telemetry(instance_of(values));
    const bool as_json = values.count("json") != 0;
    if (words[0] == "events")
        print_events(telemetry, event_filter(values, {words.begin() + 1, words.end()}), choice,
                     as_json, std::cout);
    else if (words[0] == "ended")
        print_ended(telemetry, EndedFilter::parse({words.begin() + 1, words.end()}), choice,
                    what_to_count(values), as_json, std::cout);
    else if (words[0] == "why")
        return print_why(telemetry, words, as_json, std::cout) ? 0 : 1;
    else if (is_order(words[0]))
        give_order(telemetry, words, as_json, std::cout);
    else if (words[0] == "reload")
        return run_reload(telemetry, values) ? 0 : 1;
    else if (words[0] == "explain")
        print_explanation(telemetry, {words.begin() + 1, words.end()}, as_json, std::cout);
    else
        show(telemetry, words[1], {words.begin() + 2, words.end()}, as_json, std::cout);
    std::cout.flush();
    return std::cout ? 0 : 1;
}

// For who runs plugins 2 is CRITICAL, and a wrong command line is UNKNOWN.
bool asks_for_check(const Words& command_line) {
    return std::find(command_line.begin(), command_line.end(), "check") != command_line.end();
}

// Exit status.
int obey_words(const Words& command_line) {
    try {
        return run(command_line);
    } catch (const UsageError& error) {
        std::cerr << "warrenctl: " << error.what() << '\n';
        return asks_for_check(command_line) ? 3 : 2;
    } catch (const Unreachable& error) {
        std::cerr << "warrenctl: " << error.what() << '\n';
        return 3;
    } catch (const std::exception& error) {
        std::cerr << "warrenctl: " << error.what() << '\n';
        return 1;
    }
}

}  // namespace
}  // namespace warren::ctl

int main(int argc, char** argv) {
    return warren::ctl::obey_words({argv + 1, argv + argc});
}
