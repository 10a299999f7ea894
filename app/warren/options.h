// SPDX-License-Identifier: BSD-3-Clause
// The daemon's command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace warren::app {

enum class LogFormat { automatic, text, json };

struct Options {
    std::string config_file;
    std::string instance = "warren";  // EAL file prefix, and so the telemetry socket's folder
    std::string config_id;            // lines that begin with @ID count only for this one
    std::optional<std::string> log_file;
    std::optional<std::string> flow_log;
    LogFormat log_format = LogFormat::automatic;  // the journal's own under systemd, else text
    bool check = false;
    std::optional<std::string> dry_run;  // the file that would be running
    bool verbose = false;
    std::vector<std::string> eal;  // what stood behind "--"
};

// Nothing: help or the version was asked for and printed. Throws std::runtime_error (one line) for
// a wrong command line.
std::optional<Options> parse_options(int argc, const char* const* argv);

}  // namespace warren::app
