// SPDX-License-Identifier: BSD-3-Clause
// warrenctl: asks a running warren and prints. Exit status: 0 done, 1 refused or no answer, 2 wrong
// command line, 3 not allowed.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "completion.h"
#include "help_words.h"
#include "live/pager.h"
#include "live/top.h"
#include "live/watch.h"
#include "options.h"
#include "orders/audit.h"
#include "orders/capture.h"
#include "orders/check.h"
#include "orders/order.h"
#include "orders/reload.h"
#include "orders/support.h"
#include "orders/upgrade.h"
#include "past/ended.h"
#include "past/events.h"
#include "past/why.h"
#include "rows/output.h"
#include "shell.h"
#include "show/explain.h"
#include "show/show.h"
#include "show/show_config.h"
#include "show/show_counters.h"
#include "show/show_flows.h"
#include "show/show_servers.h"
#include "show/show_sync.h"
#include "text/hints.h"
#include "text/screen.h"
#include "text/times.h"
#include "verbs.h"

namespace warren::ctl {
namespace {

bool is_said(const po::variables_map& values, const char* name) {
    return values.count(name) != 0 && !values[name].defaulted();
}

std::string text_of(const po::variables_map& values, const char* name) {
    return values[name].as<std::string>();
}

void check_filter(const Words& words) {
    try {
        if (words[0] == "why")
            why_question(words, wall_ms());
        else if (words[0] == "ended")
            EndedFilter::parse({words.begin() + 1, words.end()});
        else
            read_flows({words.begin() + (words[0] == "show" ? 2 : 1), words.end()});
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
    }
}

void check_view(const Words& words) {
    const auto& names = view_names();
    if (words.size() == 1) throw UsageError("show needs " + list_of(names));
    const std::string& view = words[1];
    if (std::find(names.begin(), names.end(), view) == names.end())
        throw UsageError(unknown_word("view", view, names));
    if (view == "flows") return check_filter(words);
    const auto& groups = counter_group_names();
    if (view == "counters" && words.size() == 3 &&
        std::find(groups.begin(), groups.end(), words[2]) == groups.end())
        throw UsageError(unknown_word("group", words[2], groups));
    const bool takes_names = view == "vrrp" || view == "history" || view == "servers";
    const std::size_t most = takes_names ? words.size() : view == "counters" ? 3 : 2;
    if (words.size() > most)
        throw UsageError("show " + view + " takes no more words: \"" + words[most] + '"');
}

void check_words(const Words& words) {
    if (words.empty()) throw UsageError("a command is missing: " + list_of_verbs());
    const std::string& verb = words[0];
    if (find_verb(verb) == nullptr) throw UsageError(unknown_word("command", verb, next_words({})));
    if (verb == "show") return check_view(words);
    if (verb == "ended" || verb == "why" || is_reset_of_flows(words)) return check_filter(words);
    if (is_order(verb) || is_capture(verb)) {
        const std::string problem = is_order(verb) ? order_problem(words) : capture_problem(words);
        if (!problem.empty()) throw UsageError(problem);
        return;
    }
    if (verb == "explain" && words.size() != 2 && words.size() != 3)
        throw UsageError("explain takes CLIENT:PORT and perhaps VIP:PORT");
    const std::size_t most = verb == "handover" || verb == "help" ? 2 : 1;
    const bool is_free = verb == "explain" || verb == "events" || verb == "history";
    if (!is_free && words.size() > most)
        throw UsageError(verb + " takes no more words: \"" + words[most] + '"');
}

// Of `support` it is a file.
Format format_of(const po::variables_map& values, const std::string& verb) {
    const std::string said = verb == "support" ? "" : text_of(values, "output");
    const bool is_json = values.count("json") != 0;
    if (said.empty()) return is_json ? Format::json : Format::text;
    const auto format = format_called(said);
    if (!format) throw UsageError(unknown_word("format", said, format_names()));
    if (is_json && *format != Format::json) throw UsageError("--json is -o json, not -o " + said);
    return *format;
}

void check_format(Format format, const std::string& verb) {
    constexpr std::array text_only{"check", "capture", "upgrade", "help", "support"};
    if (format != Format::text &&
        std::find(text_only.begin(), text_only.end(), verb) != text_only.end())
        throw UsageError(verb + " knows no other format");
    if ((format == Format::csv || format == Format::name) && (verb == "top" || verb == "trace"))
        throw UsageError(verb + " knows no " + format_names()[static_cast<std::size_t>(format)] +
                         ": json");
}

// Exit status 2: what it wants cannot be known.
int run_audit(const po::variables_map& values, const Output& output) {
    const auto text = [&values](const char* name) { return text_of(values, name); };
    AuditOptions options;
    options.login = {text("url"), text("username"), {}, text("ca-file")};
    options.vips = values["vip"].as<std::vector<std::string>>();
    for (const char* needed : {"url", "username", "password-file"})
        if (text(needed).empty()) throw UsageError(std::string("audit needs --") + needed);
    std::ifstream file(text("password-file"));
    if (!std::getline(file, options.login.password))
        throw UsageError("audit: cannot read the password-file \"" + text("password-file") + '"');
    try {
        return audit(options, output, std::cerr);
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

int run_capture(const po::variables_map& values, const Words& words, const Output& output) {
    const bool is_trace = words[0] == "trace";
    CaptureOptions options;
    options.instance = instance_of(values);
    options.is_json = !output.is_text();
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

std::optional<std::int64_t> handover_time(const po::variables_map& values) {
    const auto said = values["for"].as<Words>();
    if (said.empty()) return {};
    if (values.count("back") != 0)
        throw UsageError("handover: --back is now, --for is later: which?");
    try {
        return read_duration(said.back());
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
    }
}

int run_hand_over(const po::variables_map& values, const Words& words, const Output& output) {
    if (values.count("force") != 0 && values.count("back") != 0)
        throw UsageError("handover: --force gives up, --back takes back: which?");
    std::string request = words.size() > 1 ? words[1] : "all";
    if (values.count("force") != 0) request += ",force";
    if (values.count("back") != 0) request += ",back";
    if (const std::optional<std::int64_t> for_ms = handover_time(values))
        request += ",for=" + std::to_string(*for_ms);
    Telemetry telemetry(instance_of(values));
    return hand_over(telemetry, request, output) ? 0 : 1;
}

Limits limits_of(const po::variables_map& values) {
    try {
        return {read_limits(values["warn"].as<Words>()),
                read_limits(values["critical"].as<Words>())};
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
    }
}

bool run_reload(Telemetry& telemetry, const po::variables_map& values, const Output& output) {
    const bool is_diff = values.count("diff") != 0 || values.count("dry-run") != 0;
    return reload(telemetry, is_diff ? ReloadKind::diff : ReloadKind::now, {output, std::cerr});
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

int run_top(const po::variables_map& values, const Output& output) {
    const auto delay_s = values["delay"].as<double>();
    if (!(delay_s >= 0.1 && delay_s <= 3'600))
        throw UsageError("top: --delay is 0.1 to 3600 seconds");
    const bool goes_on = !values["delay"].defaulted() || isatty(STDOUT_FILENO) != 0;
    top({output.instance, delay_s, goes_on, output.format}, std::cout);
    return 0;
}

int run_support(const po::variables_map& values) {
    support({instance_of(values), values["output"].as<std::string>()}, std::cout, std::cerr);
    return 0;
}

Choice choice_of(const po::variables_map& values) {
    Choice choice;
    const auto text = [&values](const char* name) { return text_of(values, name); };
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

EventFilter event_filter(const po::variables_map& values, const Words& words) {
    const std::string level = text_of(values, "level");
    if (event_level(level) < 0)
        throw UsageError(unknown_word("level", level, {"info", "warning", "error"}));
    Words all(words.begin() + 1, words.end());
    return {all, level, values["for"].as<Words>()};
}

std::string one_of(const po::variables_map& values, const char* name, const Words& known) {
    std::string said = text_of(values, name);
    if (!said.empty() && std::find(known.begin(), known.end(), said) == known.end())
        throw UsageError(unknown_word(std::string("--") + name, said, known));
    return said;
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
    for (const char* option : {"wide", "no-color", "no-pager"})
        if (values.count(option) != 0) always.push_back(std::string("--") + option);
    return shell(instance, [&](Words words) {
        words.insert(words.begin(), always.begin(), always.end());
        return obey_words(words);
    });
}

std::string sort_order(const po::variables_map& values, const Words& words) {
    return one_of(values, "sort", words[1] == "servers" ? server_orders() : flow_orders());
}

FlowChoice flow_choice(const po::variables_map& values, const Words& words) {
    FlowChoice choice = read_flows({words.begin() + 2, words.end()});
    if (const auto most = values["last"].as<std::size_t>(); most != 0) choice.most = most;
    if (values.count("all") != 0) choice.most = 0;
    choice.order = sort_order(values, words);
    return choice;
}

// Options of one view only.
void check_view_options(const po::variables_map& values, const std::string& view) {
    for (const auto& [option, views] : {std::pair<const char*, Words>{"last", {"flows"}},
                                        {"sort", {"flows", "servers"}},
                                        {"rates", {"counters"}},
                                        {"defaults", {"config"}},
                                        {"all", {"flows", "counters"}}})
        if (is_said(values, option) && std::find(views.begin(), views.end(), view) == views.end())
            throw UsageError("show " + view + " takes no --" + option);
}

void run_show(Telemetry& telemetry, const po::variables_map& values, const Words& words,
              const Output& output) {
    if (words[1] == "flows") return show_flows(telemetry, flow_choice(values, words), output);
    if (words[1] == "counters")
        return show_counters(telemetry,
                             {words.size() > 2 ? words[2] : "", values.count("all") != 0,
                              values["rates"].as<double>()},
                             output);
    if (words[1] == "config") return show_config(telemetry, values.count("defaults") != 0, output);
    if (words[1] == "servers")
        return show_servers(telemetry, {words.begin() + 2, words.end()}, sort_order(values, words),
                            output);
    show(telemetry, words[1], {words.begin() + 2, words.end()}, output);
}

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
std::string note_of(const po::variables_map& values) {
    const std::string reason = text_of(values, "reason");
    constexpr std::size_t longest = 150;
    if (reason.size() > longest)
        throw UsageError("--reason has " + std::to_string(longest) + " characters at most");
    return with_who(reason);
}

int run_reset_of_flows(Telemetry& telemetry, const po::variables_map& values, const Words& words,
                       const Output& output) {
    const FlowChoice choice = read_flows({words.begin() + 1, words.end()});
    if (choice.question.empty() || choice.is_count)
        throw UsageError("reset needs SERVER:PORT, or client, server, service or local and whose");
    if (values.count("yes") == 0 && !is_meant(telemetry, choice.question)) return 1;
    reset_flows(telemetry, choice.question, note_of(values), output);
    return 0;
}

Wait wait_of(const po::variables_map& values) {
    Wait wait;
    try {
        if (const std::string said = text_of(values, "timeout"); !said.empty())
            wait.patience_ms = read_duration(said);
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
    }
    wait.then_reset = values.count("then-reset") != 0;
    if (wait.then_reset && !wait.patience_ms) throw UsageError("--then-reset needs --timeout");
    return wait;
}

// Before anybody is asked.
void check_values(const po::variables_map& values, const Words& words) {
    if (words[0] == "events") event_filter(values, words);
    if (words[0] == "ended") one_of(values, "by", {"cause", "server", "service", "client"});
    if (words[0] == "show") sort_order(values, words);
    if (!is_order(words[0])) return;
    wait_of(values);
    note_of(values);
}

int run_order(Telemetry& telemetry, const po::variables_map& values, const Words& words,
              const Output& output) {
    if (is_reset_of_flows(words)) return run_reset_of_flows(telemetry, values, words, output);
    const Wait wait = wait_of(values);
    const std::string note = note_of(values);
    give_order(telemetry, words, note, output);
    const bool waits = values.count("wait") != 0 || wait.patience_ms;
    return !waits || wait_for_end(telemetry, words, wait, note, output) ? 0 : 1;
}

int run_help(const Words& words, std::ostream& out) {
    const bool is_verb = words.size() == 1 || find_verb(words[1]) != nullptr;
    if (is_verb) print_help(out, words.size() == 1 ? "" : words[1]);
    std::ostringstream text;
    set_screen(text, screen_of(out));
    if (words.size() > 1 && explain_word(words[1], text))
        out << (is_verb ? "\n" : "") << text.str();
    if (is_verb || !text.str().empty()) return 0;
    Words known = next_words({});
    for (const std::string& name : explained_words())
        known.push_back(name);
    throw UsageError(unknown_word("command, counter, event or reason", words[1], known));
}

// What asks and prints.
int ask(const po::variables_map& values, const Words& words, const Output& output) {
    if (words[0] == "help") return run_help(words, output.out);
    const Choice choice = choice_of(values);
    Telemetry telemetry(output.instance);
    if (words[0] == "events")
        print_events(telemetry, event_filter(values, words), choice, output);
    else if (words[0] == "ended")
        print_ended(telemetry, EndedFilter::parse({words.begin() + 1, words.end()}), choice,
                    one_of(values, "by", {"cause", "server", "service", "client"}), output);
    else if (words[0] == "why")
        return print_why(telemetry, words, output) ? 0 : 1;
    else if (is_order(words[0]))
        return run_order(telemetry, values, words, output);
    else if (words[0] == "reload")
        return run_reload(telemetry, values, output) ? 0 : 1;
    else if (words[0] == "explain")
        print_explanation(telemetry, {words.begin() + 1, words.end()}, output);
    else
        run_show(telemetry, values, words, output);
    return 0;
}

// At a terminal what is asked for and does not go on may be longer than the screen.
bool may_be_paged(const po::variables_map& values, const Words& words, const Output& output) {
    constexpr std::array paged{"show", "events", "ended", "why", "explain", "help"};
    return output.is_text() && values.count("no-pager") == 0 && values.count("follow") == 0 &&
           std::find(paged.begin(), paged.end(), words[0]) != paged.end() && can_page();
}

int run_watch(const po::variables_map& values, const Words& words, const Output& output) {
    const auto seconds = values["watch"].as<double>();
    if (!(seconds >= 0.1 && seconds <= 3'600)) throw UsageError("--watch is 0.1 to 3600 seconds");
    watch(seconds, [&] {
        std::ostringstream text;
        set_screen(text, screen_of(std::cout));
        ask(values, words, {text, output.format, output.instance});
        return text.str();
    });
    return 0;
}

int print_answer(const po::variables_map& values, const Words& words, const Output& output) {
    if (is_said(values, "watch")) return run_watch(values, words, output);
    if (!may_be_paged(values, words, output)) return ask(values, words, output);
    std::ostringstream text;
    set_screen(text, screen_of(std::cout));
    const int status = ask(values, words, {text, output.format, output.instance});
    write_paged(text.str());
    return status;
}

int obey(const po::variables_map& values, Words words) {
    if (words[0] == "status" || words[0] == "history") words.insert(words.begin(), "show");
    if (words[0] == "show") check_view_options(values, words[1]);
    const std::string& verb = words[0];
    const Output output{std::cout, format_of(values, verb), instance_of(values)};
    check_format(output.format, verb);
    check_values(values, words);
    if (verb == "audit") return run_audit(values, output);
    if (verb == "check") return check(output.instance, limits_of(values), std::cout);
    if (verb == "shell") return run_shell(values);
    if (verb == "top") return run_top(values, output);
    if (verb == "support") return run_support(values);
    if (verb == "handover") return run_hand_over(values, words, output);
    if (is_capture(verb)) return run_capture(values, words, output);
    if (verb == "upgrade") return run_upgrade(values);
    return print_answer(values, words, output);
}

int run(const Words& command_line) {
    const po::variables_map values = parse(command_line);
    const Words words = words_of(values);
    if (values.count("help") != 0) {
        print_help(std::cout, words.empty() ? "" : words[0]);
        return 0;
    }
    if (values.count("version") != 0) {
        std::cout << "warrenctl " WARREN_VERSION "\n";
        return 0;
    }
    Screen screen = standard_screen(values.count("wide") != 0);
    screen.has_colours = screen.has_colours && values.count("no-color") == 0;
    set_screen(std::cout, screen);
    if (!words.empty() && words[0] == "complete")
        return print_completions(instance_of(values), words);
    check_words(words);
    check_options(values, words[0]);
    const int status = obey(values, words);
    std::cout.flush();
    return std::cout ? status : 1;
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
    } catch (const NotAllowed& error) {
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
