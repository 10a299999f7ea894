// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <vector>

#include "hints.h"

namespace warren::ctl {
namespace {

po::options_description general_options() {
    po::options_description all;
    all.add_options()("instance,i", po::value<std::string>()->default_value("", ""),
                      "the warren to talk to, as in warren --instance; else WARREN_INSTANCE, the "
                      "only one that runs, warren")(
        "output,o", po::value<std::string>()->default_value("", "text"),
        "text, json, jsonl or csv; of support: the archive's file, .tar.gz or .tar.xz")(
        "json,j", "the same as -o json")("wide,W", "all columns, however wide the terminal is")(
        "no-color", "as with NO_COLOR: no colours on a terminal")(
        "no-pager", "what is longer than the terminal does not go through PAGER, or less")(
        "help,h", "show this help, or a command's")("version", "show the version");
    return all;
}

po::options_description choosing_options() {
    po::options_description all;
    all.add_options()("since", po::value<std::string>()->default_value("", ""),
                      "of events and ended: 5m, 12:03, 2026-11-28T12:03:07")(
        "until", po::value<std::string>()->default_value("", ""), "of events and ended")(
        "last,n", po::value<std::size_t>()->default_value(0, ""),
        "of events and ended: so many, the newest; of show flows: at most so many (1000)")(
        "follow,f", "of events and ended: go on with what comes")(
        "level", po::value<std::string>()->default_value("info", ""),
        "of events: info, warning or error, and what is worse")(
        "for", po::value<std::vector<std::string>>()->default_value({}, ""),
        "of events: whose text has that name in it")(
        "by", po::value<std::string>()->default_value("", ""),
        "of ended: count by cause, server, service or client")(
        "all", "of show flows: all; of show counters: those too that have never moved")(
        "sort", po::value<std::string>()->default_value("", ""),
        "of show flows: by idle, the longest first, client or server")(
        "rates", po::value<double>()->default_value(0, ""),
        "of show counters: a second's mean of so many seconds from now")(
        "watch", po::value<double>()->implicit_value(2)->default_value(0, ""),
        "of show, status and history: again each 2 or so many (--watch=S) seconds")(
        "delay,d", po::value<double>()->default_value(2, ""), "of top: seconds between two looks");
    return all;
}

po::options_description order_options() {
    po::options_description all;
    all.add_options()("wait",
                      "of reload: until it is taken up or refused, as it always does; of drain and "
                      "disable: until no connection is left")(
        "timeout", po::value<std::string>()->default_value("", ""),
        "of drain and disable with --wait: 30s, 10m; status 1 if some are left then")(
        "then-reset", "of drain with --timeout: then disable, which resets them")(
        "diff", "of reload: only say what it would change")("dry-run", "the same as --diff")(
        "force", "of handover and upgrade: give up, by priority 0, what no peer can take over")(
        "back", "of handover: what has been handed over may come back")(
        "yes,y", "of reset: do not ask at a terminal, however many")(
        "restart-command", po::value<std::string>()->default_value("", "systemctl restart warren"),
        "of upgrade");
    return all;
}

po::options_description audit_options() {
    po::options_description all;
    all.add_options()("url", po::value<std::string>()->default_value("", ""),
                      "of audit: the management API, http://HOST:15672 or https://HOST:15671")(
        "username", po::value<std::string>()->default_value("", ""), "of audit")(
        "password-file", po::value<std::string>()->default_value("", ""),
        "of audit: the password is its first line")(
        "ca-file", po::value<std::string>()->default_value("", ""), "of audit, with https")(
        "vip", po::value<std::vector<std::string>>()->default_value({}, ""),
        "of audit, with FNAT: where nodes see clients come from");
    return all;
}

po::options_description capture_options() {
    po::options_description all;
    all.add_options()("write,w", po::value<std::string>()->default_value("", ""),
                      "of capture: to that file; - for a pipe")(
        "count,c", po::value<std::uint64_t>()->default_value(0, "10000, trace: 10"),
        "of capture and trace: so many packets")(
        "bytes", po::value<std::uint64_t>()->default_value(0, "64 MB"),
        "of capture: so many are written")(
        "seconds,G", po::value<unsigned>()->default_value(0, "10"),
        "of capture and trace: so long")("snap,s", po::value<unsigned>()->default_value(0, "256"),
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

std::string unknown_option(const std::string& said) {
    const std::string name = said.substr(0, said.find('='));
    return unknown_word("option", name, options_of(""));
}

}  // namespace

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
        po::store(po::command_line_parser(command_line)
                      .options(all)
                      .positional(positions)
                      .style(style::default_style & ~style::allow_guessing)
                      .run(),
                  values);
    } catch (const po::unknown_option& error) {
        throw UsageError(unknown_option(error.get_option_name()));
    } catch (const po::error& error) {
        throw UsageError(error.what());
    }
    return values;
}

Words words_of(const po::variables_map& values) {
    return values.count("words") != 0 ? values["words"].as<std::vector<std::string>>() : Words{};
}

void check_options(const po::variables_map& values, const std::string& verb) {
    const Words known = options_of(verb);
    for (const auto& [name, value] : values) {
        std::string option = "--";
        option += name;
        if (name != "words" && !value.defaulted() &&
            std::find(known.begin(), known.end(), option) == known.end())
            throw UsageError(std::string(verb).append(" takes no ").append(option));
    }
}

void print_help(std::ostream& out, const std::string& verb) {
    if (find_verb(verb) == nullptr) {
        print_usage(out);
        out << options_for("");
        return;
    }
    print_usage(out, verb);
    out << options_for(verb);
}

}  // namespace warren::ctl
