// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <cctype>
#include <iostream>
#include <stdexcept>
#include <string_view>

namespace warren::app {
namespace {

namespace po = boost::program_options;

constexpr std::string_view usage =
    "Usage: warren --config FILE [options] [-- EAL options]\n"
    "Serves the virtual addresses of a keepalived.conf through DPDK.\n"
    "Signals: TERM gives up the addresses and stops, HUP reads the file again (reload)\n"
    "and opens its log files again (logrotate).\n";

po::options_description description() {
    po::options_description all("Options");
    all.add_options()("config,f", po::value<std::string>(), "configuration file (keepalived.conf)")(
        "instance,i", po::value<std::string>()->default_value("warren"),
        "name of this warren, for several on one machine and for warrenctl --instance")(
        "config-id", po::value<std::string>(), "lines that begin with @ID count for this ID only")(
        "check,t", "check the configuration and exit: 0 good, 1 wrong")(
        "dry-run", po::value<std::string>(),
        "say what taking up --config would change where this file runs, and exit: 0 it could be "
        "taken up, 1 wrong, 3 a restart is needed")("log-file", po::value<std::string>(),
                                                    "log to this file instead of standard error")(
        "log-format", po::value<std::string>(),
        "text or json: one record a line; without it systemd's journal gets fields if it reads "
        "standard error, else text")(
        "flow-log", po::value<std::string>(),
        "write each connection that ended to this file, one JSON object a line, or to systemd's "
        "journal: journal")("verbose,v", "log what is of interest to developers too")(
        "help,h", "show this help")("version", "show the version");
    return all;
}

// It becomes a folder's name below /var/run/dpdk.
void check_instance_name(const std::string& name) {
    const bool good = !name.empty() && name.size() <= 64 && name.front() != '.' &&
                      std::all_of(name.begin(), name.end(), [](unsigned char c) {
                          return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
                      });
    if (!good)
        throw std::runtime_error("--instance must be 1 to 64 letters, digits, '-', '_' or '.'");
}

LogFormat log_format(const std::string& word) {
    if (word == "text") return LogFormat::text;
    if (word == "json") return LogFormat::json;
    throw std::runtime_error("--log-format must be text or json");
}

Options take(const po::variables_map& values) {
    Options options;
    if (values.count("config") == 0)
        throw std::runtime_error("--config FILE is missing (try --help)");
    options.config_file = values["config"].as<std::string>();
    options.instance = values["instance"].as<std::string>();
    check_instance_name(options.instance);
    if (values.count("config-id") != 0) options.config_id = values["config-id"].as<std::string>();
    if (values.count("log-file") != 0) options.log_file = values["log-file"].as<std::string>();
    if (values.count("flow-log") != 0) options.flow_log = values["flow-log"].as<std::string>();
    if (values.count("log-format") != 0)
        options.log_format = log_format(values["log-format"].as<std::string>());
    if (values.count("dry-run") != 0) options.dry_run = values["dry-run"].as<std::string>();
    options.check = values.count("check") != 0;
    options.verbose = values.count("verbose") != 0;
    return options;
}

}  // namespace

std::optional<Options> parse_options(int argc, const char* const* argv) {
    const char* const* end = argv + argc;
    const char* const* separator =
        std::find_if(argv, end, [](std::string_view word) { return word == "--"; });
    po::variables_map values;
    try {
        const std::vector<std::string> own(argv + 1, separator);
        // An option is never guessed from its first letters: "--conf" today is another one
        // tomorrow.
        const int style =
            po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
        po::store(
            po::command_line_parser(own).options(description()).positional({}).style(style).run(),
            values);
    } catch (const po::error& error) {
        throw std::runtime_error(std::string(error.what()) + " (try --help)");
    }
    if (values.count("help") != 0) {
        std::cout << usage << description();
        return std::nullopt;
    }
    if (values.count("version") != 0) {
        std::cout << "warren " WARREN_VERSION "\n";
        return std::nullopt;
    }
    Options options = take(values);
    if (separator != end) options.eal.assign(separator + 1, end);
    return options;
}

}  // namespace warren::app
