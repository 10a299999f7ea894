// SPDX-License-Identifier: BSD-3-Clause
// warrenctl: asks a running warren and prints. Exit status: 0 done, 1 refused or no answer, 2 wrong
// command line, 3 not allowed.
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "commands.h"
#include "completion.h"
#include "live/pager.h"
#include "live/watch.h"
#include "options.h"
#include "shell.h"
#include "text/hints.h"
#include "text/screen.h"
#include "verbs.h"

namespace warren::ctl {
namespace {

int obey_words(const Words& command_line);

// What is said of the shell holds for each line.
int run_shell(const Said& said, const Output& output) {
    Words always{"--instance", output.instance};
    for (const char* option : {"wide", "no-color", "no-pager"})
        if (said.has(option)) always.push_back(std::string("--") + option);
    return shell(output.instance, [&](Words words) {
        words.insert(words.begin(), always.begin(), always.end());
        return obey_words(words);
    });
}

// The last word is the one that is being written.
int run_complete(const Said& said, const Output& output) {
    Words words = said.words;
    const std::string begun = words.size() > 1 ? words.back() : "";
    if (words.size() > 1) words.pop_back();
    words.erase(words.begin());
    for (const std::string& word : completions(words, begun, names_of_instance(output.instance)))
        output.out << word << '\n';
    return 0;
}

std::vector<Command> all_commands() {
    std::vector<Command> all{
        {"shell", check_alone, run_shell},
        {"complete", [](const Said&) {}, run_complete},
    };
    for (const auto& some : {show_commands(), past_commands(), order_commands(), tool_commands()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

Command command_of(const Words& words) {
    if (words.empty()) throw UsageError("a command is missing: " + list_of_verbs());
    for (const Command& command : all_commands())
        if (command.verb == words[0]) return command;
    throw UsageError(unknown_word("command", words[0], next_words({})));
}

std::string instance_of(const Said& said) {
    if (const std::string& name = said.text("instance"); !name.empty()) return name;
    if (const char* name = std::getenv("WARREN_INSTANCE"); name != nullptr && *name != '\0')
        return name;
    const std::vector<std::string> running = running_instances();
    return running.size() == 1 ? running.front() : "warren";
}

// Of `support` it is a file.
Format format_of(const Said& said) {
    const std::string name = said.words[0] == "support" ? "" : said.text("output");
    const bool is_json = said.has("json");
    if (name.empty()) return is_json ? Format::json : Format::text;
    const auto format = format_called(name);
    if (!format) throw UsageError(unknown_word("format", name, format_names()));
    if (is_json && *format != Format::json) throw UsageError("--json is -o json, not -o " + name);
    return *format;
}

void check_format(const Command& command, Format format) {
    const std::string verb = command.verb;
    if (command.formats == Formats::none && format != Format::text)
        throw UsageError(verb + " knows no other format");
    if (command.formats == Formats::unnamed && format == Format::name)
        throw UsageError(verb + " has no names to show");
    const bool has_titles = format == Format::csv || format == Format::name;
    if (command.formats == Formats::endless && has_titles)
        throw UsageError(verb + " knows no " + format_names()[static_cast<std::size_t>(format)] +
                         ": json");
}

int run_watched(const Command& command, const Said& said, const Output& output) {
    const auto seconds = said.value<double>("watch");
    if (!(seconds >= 0.1 && seconds <= 3'600)) throw UsageError("--watch is 0.1 to 3600 seconds");
    watch(seconds, [&] {
        std::ostringstream text;
        set_screen(text, screen_of(output.out));
        command.run(said, {text, output.format, output.instance});
        return text.str();
    });
    return 0;
}

int run_paged(const Command& command, const Said& said, const Output& output) {
    std::ostringstream text;
    set_screen(text, screen_of(output.out));
    const int status = command.run(said, {text, output.format, output.instance});
    write_paged(text.str());
    return status;
}

int obey(const Command& command, const Said& said) {
    const Output output{std::cout, format_of(said), instance_of(said)};
    check_format(command, output.format);
    if (command.is_screen && said.has("watch")) return run_watched(command, said, output);
    // At a terminal what does not go on may be longer than the screen.
    const bool ends = !said.has("follow") && !said.has("no-pager");
    if (command.is_screen && output.is_text() && ends && can_page())
        return run_paged(command, said, output);
    return command.run(said, output);
}

int run(const Words& command_line) {
    const Said said(command_line);
    if (said.has("help")) {
        print_help(std::cout, said.words.empty() ? "" : said.words[0]);
        return 0;
    }
    if (said.has("version")) {
        std::cout << "warrenctl " WARREN_VERSION "\n";
        return 0;
    }
    Screen screen = standard_screen(said.has("wide"));
    screen.has_colours = screen.has_colours && !said.has("no-color");
    set_screen(std::cout, screen);
    const Command command = command_of(said.words);
    command.check(said);
    said.check_options();
    const int status = obey(command, said);
    std::cout.flush();
    return std::cout ? status : 1;
}

// For who runs plugins 2 is CRITICAL, and a wrong command line is UNKNOWN.
bool asks_for_check(const Words& command_line) {
    try {
        const Said said(command_line);
        return !said.words.empty() && said.words[0] == "check";
    } catch (const UsageError&) {  // not even its options are understood
        return std::find(command_line.begin(), command_line.end(), "check") != command_line.end();
    }
}

// Exit status.
int obey_words(const Words& command_line) {
    try {
        return run(command_line);
    } catch (const UsageError& error) {
        std::cerr << "warrenctl: " << error.what() << '\n';
        return asks_for_check(command_line) ? 3 : 2;
    } catch (const NotUnderstood& error) {
        std::cerr << "warrenctl: " << error.what() << '\n';
        return 2;
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
