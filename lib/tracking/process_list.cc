// SPDX-License-Identifier: BSD-3-Clause
#include "tracking/process_list.h"

#include <dirent.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "tracking/file_text.h"

namespace warren::tracking {
namespace {

constexpr std::size_t longest_text = 4'095;  // of a command line too

std::string joined(const std::vector<std::string>& words) {
    std::string all;
    for (const std::string& word : words)
        all.append(word).push_back('\0');
    return all;
}

bool params_match(const config::TrackProcess& wanted, std::string_view have) {
    using Match = config::TrackProcess::Match;
    const std::string words = joined(wanted.params);
    std::string_view want = words;
    switch (wanted.param_match) {
        case Match::none:
            return true;
        case Match::exact:
            return have == want;
        case Match::partial:
            return have.starts_with(want);
        case Match::initial:  // the last word may go on
            break;
    }
    if (!want.empty()) want.remove_suffix(1);
    return have.starts_with(want);
}

}  // namespace

bool matches(const config::TrackProcess& wanted, const Process& process) {
    if (process.zombie) return false;
    if (!wanted.full_command) return process.name == wanted.process;
    const std::string_view line = process.command_line;
    const std::size_t end = std::min(line.find('\0'), line.size());
    if (line.substr(0, end) != wanted.process) return false;
    return params_match(wanted, line.substr(std::min(end + 1, line.size())));
}

bool has_quorum(const config::TrackProcess& wanted, unsigned count) {
    const unsigned quorum = wanted.quorum.value_or(wanted.quorum_max == 0 ? 0 : 1);
    return count >= quorum && count <= wanted.quorum_max;
}

std::optional<Process> read_process(const std::string& proc, pid_t pid, bool with_command_line) {
    const std::string folder = proc + "/" + std::to_string(pid);
    const std::optional<std::string> stat = read_file_text(folder + "/stat", longest_text);
    if (!stat) return std::nullopt;
    // "PID (NAME) STATE ...": a name may hold brackets.
    const std::size_t begin = stat->find('(');
    const std::size_t end = stat->rfind(')');
    if (begin == std::string::npos || end == std::string::npos || end < begin) return std::nullopt;
    Process process{stat->substr(begin + 1, end - begin - 1),
                    {},
                    end + 2 < stat->size() && (*stat)[end + 2] == 'Z'};
    if (with_command_line)
        process.command_line = read_file_text(folder + "/cmdline", longest_text).value_or("");
    return process;
}

std::vector<pid_t> read_process_numbers(const std::string& proc, std::size_t most) {
    std::vector<pid_t> numbers;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(proc.c_str()), closedir);
    if (!folder) return numbers;
    while (numbers.size() < most) {
        const dirent* entry = readdir(folder.get());
        if (entry == nullptr) break;
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
        numbers.push_back(static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10)));
    }
    return numbers;
}

}  // namespace warren::tracking
