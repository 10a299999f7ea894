// SPDX-License-Identifier: BSD-3-Clause
// Which processes a vrrp_track_process means, and how many of them run. The rules are pure; one
// function reads /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace warren::tracking {

struct Process {
    std::string name;          // comm
    std::string command_line;  // words, each with its final NUL; empty: a kernel thread
    bool zombie = false;
};

// keepalived.conf(5), "VRRP track processes".
bool matches(const config::TrackProcess& wanted, const Process& process);

// Whether `count` is within the configured quorum and quorum_max.
bool has_quorum(const config::TrackProcess& wanted, unsigned count);

// Of /proc/PID; nothing when it has ended. The command line is only read where it is wanted: it
// lies in the process's own memory.
std::optional<Process> read_process(const std::string& proc, pid_t pid, bool with_command_line);
// All process numbers below `proc`, at most `most`.
std::vector<pid_t> read_process_numbers(const std::string& proc, std::size_t most);

}  // namespace warren::tracking
