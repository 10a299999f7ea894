// SPDX-License-Identifier: BSD-3-Clause
#include "programs/script_traps.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace warren::programs {
namespace {

constexpr std::size_t max_script_bytes = 64 * 1024;

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_shell(std::string_view program) {
    return is_one_of(base_name(program),
                     std::array<std::string_view, 5>{"sh", "bash", "dash", "ksh", "zsh"});
}

bool is_for_a_shell(std::string_view word) {
    if (is_one_of(word, std::array<std::string_view, 5>{"|", "||", "&&", "&", ";"})) return true;
    const std::size_t sign = word.find_first_not_of("012&");
    return sign < 2 && word[sign] == '>';  // npos is more
}

std::string_view without_comment(std::string_view line) {
    for (std::size_t i = line.find('#'); i != std::string_view::npos; i = line.find('#', i + 1))
        if (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t') return line.substr(0, i);
    return line;
}

// What a shell takes apart; a '/' and a '.' stay in their word.
std::vector<std::string_view> words_of(std::string_view line) {
    constexpr std::string_view between = " \t\r\n\"'`$(){}[];|&<>=,";
    std::vector<std::string_view> words;
    while (true) {
        const std::size_t begin = line.find_first_not_of(between);
        if (begin == std::string_view::npos) return words;
        line.remove_prefix(begin);
        const std::size_t end = std::min(line.find_first_of(between), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

bool is_end(std::string_view word) {
    return is_one_of(base_name(word), std::array<std::string_view, 5>{"stop", "restart", "kill",
                                                                      "killall", "pkill"});
}

// Its name, its program, its init script or its pid file; not its folder in /etc.
bool is_keepalived(std::string_view word) {
    const std::string_view name = base_name(word);
    if (name == "keepalived.pid" || name == "keepalived.service") return true;
    if (name != "keepalived" || word == name) return word == "keepalived";
    const std::string_view folder = base_name(word.substr(0, word.size() - name.size() - 1));
    return is_one_of(folder, std::array<std::string_view, 4>{"sbin", "bin", "init.d", "rc.d"});
}

bool is_talk(std::string_view word) {
    return is_one_of(base_name(word), std::array<std::string_view, 3>{"echo", "printf", "logger"});
}

}  // namespace

std::string word_for_a_shell(const std::vector<std::string>& argv) {
    if (argv.empty() || is_shell(argv.front())) return {};
    const auto found = std::find_if(argv.begin(), argv.end(), is_for_a_shell);
    return found == argv.end() ? std::string() : *found;
}

namespace {

// What ends before ";", "&&" or "||", and leaves `line` with what follows. A pipe is one command:
// it may bring a number to kill.
std::string_view take_command(std::string_view& line) {
    std::size_t end = 0;
    while (end < line.size() && line[end] != ';' && !line.substr(end).starts_with("&&") &&
           !line.substr(end).starts_with("||"))
        ++end;
    const std::string_view command = line.substr(0, end);
    const std::size_t separator = line.substr(end).starts_with(';') ? 1 : 2;
    line.remove_prefix(std::min(end + separator, line.size()));
    return command;
}

// `killall -0 keepalived` asks whether it is there.
bool is_stop_of_keepalived(std::string_view command) {
    const std::vector<std::string_view> words = words_of(command);
    if (words.empty() || is_talk(words.front())) return false;
    return std::any_of(words.begin(), words.end(), is_end) &&
           std::any_of(words.begin(), words.end(), is_keepalived) &&
           std::find(words.begin(), words.end(), "-0") == words.end();
}

}  // namespace

bool stops_keepalived(std::string_view line) {
    line = without_comment(line);
    while (!line.empty())
        if (is_stop_of_keepalived(take_command(line))) return true;
    return false;
}

std::size_t line_that_stops_keepalived(std::string_view text) {
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (stops_keepalived(text.substr(0, end))) return number;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return 0;
}

std::size_t line_of_file_that_stops_keepalived(const std::string& path) {
    std::string text(max_script_bytes, '\0');
    std::ifstream file(path, std::ios::binary);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text.find('\0') == std::string::npos ? line_that_stops_keepalived(text) : 0;
}

}  // namespace warren::programs
