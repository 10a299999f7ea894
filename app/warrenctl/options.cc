// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <ostream>
#include <sstream>
#include <vector>

#include "text/hints.h"

namespace warren::ctl {
namespace {

po::options_description general_options() {
    po::options_description all;
    all.add_options()("instance,i",
                      po::value<std::string>()->value_name("NAME")->default_value("", ""),
                      "the warren to talk to, as in warren --instance; else WARREN_INSTANCE, the "
                      "only one that runs, warren")(
        "output,o", po::value<std::string>()->value_name("FORMAT")->default_value("", "text"),
        "text, json, jsonl, csv or name; of support: the archive's file, .tar.gz or .tar.xz")(
        "json,j", "the same as -o json")("wide,W", "all columns, however wide the terminal is")(
        "no-color", "as with NO_COLOR: no colours on a terminal")(
        "no-pager", "what is longer than the terminal does not go through PAGER, or less")(
        "help,h", "show this help, or a command's")("version", "show the version");
    return all;
}

po::options_description choosing_options() {
    po::options_description all;
    all.add_options()("since", po::value<std::string>()->value_name("TIME")->default_value("", ""),
                      "of events and ended: 5m, 12:03, 2026-11-28T12:03:07")(
        "until", po::value<std::string>()->value_name("TIME")->default_value("", ""),
        "of events and ended")(
        "last,n", po::value<std::size_t>()->value_name("N")->default_value(0, ""),
        "of events and ended: so many, the newest; of show flows: at most so many (1000)")(
        "follow,f", "of events and ended: go on with what comes")(
        "level", po::value<std::string>()->value_name("LEVEL")->default_value("info", ""),
        "of events: info, warning or error, and what is worse")(
        "for", po::value<std::vector<std::string>>()->value_name("NAME")->default_value({}, ""),
        "of events: whose text has that name in it; of handover: it comes back after 30s, 10m, 2h")(
        "by", po::value<std::string>()->value_name("WHAT")->default_value("", ""),
        "of ended: count by cause, server, service or client")(
        "all", "of show flows: all; of show counters: those too that have never moved")(
        "sort", po::value<std::string>()->value_name("BY")->default_value("", ""),
        "of show flows: by idle or age, the longest first, client or server; of show servers: by "
        "active, new, refused or bytes, the most first")(
        "rates", po::value<double>()->value_name("S")->default_value(0, ""),
        "of show counters: a second's mean of so many seconds from now")(
        "defaults", "of show config: also what is not said and has a value all the same")(
        "watch", po::value<double>()->value_name("S")->implicit_value(2)->default_value(0, ""),
        "of show, status and history: again each 2 or so many (--watch=S) seconds")(
        "warn", po::value<std::vector<std::string>>()->value_name("RANGE")->default_value({}, ""),
        "of check: WARNING unless a number is as a plugin's range says: flows=400, servers_up=3:; "
        "may be given again")(
        "critical",
        po::value<std::vector<std::string>>()->value_name("RANGE")->default_value({}, ""),
        "of check: the same, for CRITICAL")(
        "delay,d", po::value<double>()->value_name("S")->default_value(2, ""),
        "of top: seconds between two looks");
    return all;
}

po::options_description order_options() {
    po::options_description all;
    all.add_options()("wait",
                      "of reload: until it is taken up or refused, as it always does; of drain and "
                      "disable: until no connection is left")(
        "timeout", po::value<std::string>()->value_name("TIME")->default_value("", ""),
        "of drain and disable with --wait: 30s, 10m; status 1 if some are left then")(
        "then-reset", "of drain with --timeout: then disable, which resets them")(
        "reason", po::value<std::string>()->value_name("TEXT")->default_value("", ""),
        "of drain, disable, enable, weight and reset: why, for who reads status and events")(
        "diff", "of reload: only say what it would change")("dry-run", "the same as --diff")(
        "force", "of handover and upgrade: give up, by priority 0, what no peer can take over")(
        "back", "of handover: what has been handed over may come back")(
        "yes,y", "of reset: do not ask at a terminal, however many")(
        "restart-command",
        po::value<std::string>()->value_name("CMD")->default_value("", "systemctl restart warren"),
        "of upgrade");
    return all;
}

po::options_description audit_options() {
    po::options_description all;
    all.add_options()("url", po::value<std::string>()->value_name("URL")->default_value("", ""),
                      "of audit: the management API, http://HOST:15672 or https://HOST:15671")(
        "username", po::value<std::string>()->value_name("U")->default_value("", ""), "of audit")(
        "password-file", po::value<std::string>()->value_name("F")->default_value("", ""),
        "of audit: the password is its first line")(
        "ca-file", po::value<std::string>()->value_name("F")->default_value("", ""),
        "of audit, with https")(
        "vip", po::value<std::vector<std::string>>()->value_name("ADDRESS")->default_value({}, ""),
        "of audit, with FNAT: where nodes see clients come from");
    return all;
}

po::options_description capture_options() {
    po::options_description all;
    all.add_options()("write,w",
                      po::value<std::string>()->value_name("FILE")->default_value("", ""),
                      "of capture: to that file; - for a pipe")(
        "count,c",
        po::value<std::uint64_t>()->value_name("N")->default_value(0, "10000, trace: 10"),
        "of capture and trace: so many packets")(
        "bytes", po::value<std::uint64_t>()->value_name("N")->default_value(0, "64 MB"),
        "of capture: so many are written")(
        "seconds,G", po::value<unsigned>()->value_name("N")->default_value(0, "10"),
        "of capture and trace: so long")(
        "snap,s", po::value<unsigned>()->value_name("N")->default_value(0, "256"),
        "of capture: so many bytes of each frame");
    return all;
}

std::vector<po::options_description> all_groups() {
    return {general_options(), choosing_options(), order_options(), audit_options(),
            capture_options()};
}

// Those of a command; of none: all.
po::options_description options_for(const std::string& verb) {
    const Words wanted = options_of(verb);
    po::options_description all("Options");
    for (const po::options_description& group : all_groups())
        for (const auto& option : group.options())
            if (std::find(wanted.begin(), wanted.end(), "--" + option->long_name()) != wanted.end())
                all.add(option);
    return all;
}

// "-i, --instance NAME"; a default that is empty is none.
std::string name_and_value(const po::option_description& option) {
    namespace style = po::command_line_style;
    const std::string one = option.canonical_display_name(style::allow_dash_for_short);
    std::string text = one.starts_with('-') ? one + ", " : "    ";
    text += "--" + option.long_name();
    std::string value = option.format_parameter();
    if (const std::string none = " (=)"; value.ends_with(none))
        value.resize(value.size() - none.size());
    return text + (value.empty() || value.starts_with('[') ? value : " " + value);
}

// Names on the left, and beside them, or below where they are long, what they mean.
void print_options(std::ostream& out, const po::options_description& options) {
    constexpr std::size_t indent = 26, columns = 80;
    out << "\nOptions:\n";
    for (const auto& option : options.options()) {
        std::string line = "  " + name_and_value(*option);
        if (line.size() + 2 > indent)
            line += '\n' + std::string(indent, ' ');
        else
            line.resize(indent, ' ');
        std::size_t used = indent;
        std::istringstream words(option->description());
        for (std::string word; words >> word; used += word.size() + 1) {
            if (used + word.size() > columns) {
                line.back() = '\n';
                line += std::string(indent, ' ');
                used = indent;
            }
            line += word + ' ';
        }
        line.back() = '\n';
        out << line;
    }
}

// Near words are looked for among all, the list is the command's.
std::string unknown_option(const std::string& said, const Words& command_line) {
    const std::string name = said.substr(0, said.find('='));
    const std::string text = unknown_word("option", name, options_of(""));
    const auto verb = std::find_if(command_line.begin(), command_line.end(), find_verb);
    const bool is_list = text.find("one of") != text.npos;
    return is_list && verb != command_line.end() ? unknown_word("option", name, options_of(*verb))
                                                 : text;
}

// Boost takes -1 for the largest number there is.
void refuse_negative(const po::parsed_options& parsed) {
    for (const po::option& option : parsed.options)
        for (const std::string& value : option.value)
            if (option.position_key < 0 && value.size() > 1 && value[0] == '-' &&
                std::isdigit(static_cast<unsigned char>(value[1])) != 0)
                throw UsageError("--" + option.string_key + " takes no negative number: " + value);
}

po::variables_map parse(const Words& command_line) {
    po::options_description all;
    for (const po::options_description& group : all_groups())
        all.add(group);
    all.add_options()("words", po::value<std::vector<std::string>>());
    po::positional_options_description positions;
    positions.add("words", -1);
    po::variables_map values;
    try {
        namespace style = po::command_line_style;
        const po::parsed_options parsed = po::command_line_parser(command_line)
                                              .options(all)
                                              .positional(positions)
                                              .style(style::default_style & ~style::allow_guessing)
                                              .run();
        refuse_negative(parsed);
        po::store(parsed, values);
    } catch (const po::unknown_option& error) {
        throw UsageError(unknown_option(error.get_option_name(), command_line));
    } catch (const po::error& error) {
        throw UsageError(error.what());
    }
    return values;
}

}  // namespace

Said::Said(const Words& command_line) : values_(parse(command_line)) {
    if (values_.count("words") != 0) words = value<Words>("words");
}

void Said::check_options() const {
    const Words known = options_of(words[0]);
    for (const auto& [name, value] : values_) {
        std::string option = "--";
        option += name;
        if (name != "words" && !value.defaulted() &&
            std::find(known.begin(), known.end(), option) == known.end())
            throw UsageError(std::string(words[0]).append(" takes no ").append(option));
    }
}

void print_help(std::ostream& out, const std::string& verb) {
    if (find_verb(verb) == nullptr) {
        print_usage(out);
        print_options(out, options_for(""));
        return;
    }
    print_usage(out, verb);
    print_options(out, options_for(verb));
}

}  // namespace warren::ctl
