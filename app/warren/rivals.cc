// SPDX-License-Identifier: BSD-3-Clause
#include "rivals.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "tracking/process_list.h"

namespace warren::app {
namespace {

constexpr std::size_t processes_max = 65'536;
constexpr const char* keepalived_file = "/etc/keepalived/keepalived.conf";  // its default

std::vector<std::string> words_of(std::string_view command_line) {
    std::vector<std::string> words;
    while (!command_line.empty()) {
        const std::size_t end = std::min(command_line.find('\0'), command_line.size());
        words.emplace_back(command_line.substr(0, end));
        command_line.remove_prefix(std::min(end + 1, command_line.size()));
    }
    return words;
}

// -f FILE, -fFILE, --use-file FILE, --use-file=FILE
std::string file_of(const std::vector<std::string>& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string& word = words[i];
        if ((word == "-f" || word == "--use-file") && i + 1 < words.size()) return words[i + 1];
        if (word.starts_with("--use-file=")) return word.substr(word.find('=') + 1);
        if (word.starts_with("-f") && word.size() > 2) return word.substr(2);
    }
    return keepalived_file;
}

bool is_in_our_network(const std::filesystem::path& process, const std::filesystem::path& self) {
    std::error_code theirs, ours;
    const auto a = std::filesystem::read_symlink(process / "ns/net", theirs);
    const auto b = std::filesystem::read_symlink(self / "ns/net", ours);
    return !theirs && !ours && a == b;
}

// The file as keepalived's own directory has it; nothing if it is no keepalived of this network.
std::optional<std::string> keepalived_file_of(const std::string& proc, pid_t pid) {
    const auto process = tracking::read_process(proc, pid, false);
    if (!process || process->name != "keepalived") return std::nullopt;
    const std::filesystem::path folder = std::filesystem::path(proc) / std::to_string(pid);
    if (!is_in_our_network(folder, std::filesystem::path(proc) / "self")) return std::nullopt;
    const auto whole = tracking::read_process(proc, pid, true);
    if (!whole) return std::nullopt;
    std::error_code error;
    const auto directory = std::filesystem::read_symlink(folder / "cwd", error);
    return (error ? std::filesystem::path("/") : directory) /
           file_of(words_of(whole->command_line));
}

void compare(const config::Config& ours, const config::Config& theirs, const std::string& file,
             pid_t pid, syntax::Diagnostics& found) {
    for (const config::VrrpInstance& mine : ours.vrrp_instances)
        for (const config::VrrpInstance& other : theirs.vrrp_instances)
            if (mine.virtual_router_id == other.virtual_router_id &&
                mine.interface == other.interface)
                found.push_back({mine.where, syntax::Severity::warning,
                                 "a keepalived runs on this host (process " + std::to_string(pid) +
                                     ", " + file + ") with virtual_router_id " +
                                     std::to_string(mine.virtual_router_id) + " on " +
                                     mine.interface + " too: stop it, both would be master"});
}

}  // namespace

syntax::Diagnostics find_rivals(const config::Config& ours, const ReadFile& read,
                                const std::string& proc) {
    syntax::Diagnostics found;
    std::set<std::string> seen;  // keepalived is a parent and its children
    for (const pid_t pid : tracking::read_process_numbers(proc, processes_max)) {
        const auto file = keepalived_file_of(proc, pid);
        if (!file || !seen.insert(*file).second) continue;
        const schema::LoadResult theirs = read(*file);
        compare(ours, theirs.config, *file, pid, found);
    }
    return found;
}

}  // namespace warren::app
