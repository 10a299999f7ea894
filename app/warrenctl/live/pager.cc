// SPDX-License-Identifier: BSD-3-Clause
#include "live/pager.h"

#include <signal.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "live/terminal.h"

namespace warren::ctl {
namespace {

constexpr int not_found = 127;  // of sh

// What colours an escape sequence sets takes no room.
std::size_t shown_width(std::string_view line) {
    std::size_t width = width_of(line);
    for (std::size_t at = line.find('\033'); at != line.npos; at = line.find('\033', at + 1)) {
        const std::size_t end = line.find('m', at);
        width -= end == line.npos ? 0 : end - at + 1;
    }
    return width;
}

std::string pager() {
    const char* const said = std::getenv("PAGER");
    return said != nullptr ? said : "less";
}

// Quits at one screen, shows colours, leaves the text on the screen.
void set_habits_of_less() {
    setenv("LESS", "FRX", 0);
    setenv("LESSCHARSET", "utf-8", 0);
}

bool is_shown_by(const std::string& program, const std::string& text) {
    const auto before = signal(SIGPIPE, SIG_IGN);  // who has read enough leaves
    FILE* const pipe = popen(program.c_str(), "w");
    if (pipe == nullptr) return false;
    std::fwrite(text.data(), 1, text.size(), pipe);
    const int status = pclose(pipe);
    signal(SIGPIPE, before);
    return !WIFEXITED(status) || WEXITSTATUS(status) != not_found;
}

}  // namespace

bool can_page() {
    return is_full_terminal();
}

bool is_longer(const std::string& text, const ScreenSize& screen) {
    std::size_t lines = 1;  // the next prompt's
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::size_t width = shown_width(std::string_view(text).substr(at, end - at));
        lines += width <= screen.columns ? 1 : (width + screen.columns - 1) / screen.columns;
        at = end + 1;
    }
    return lines > screen.rows;
}

void write_paged(const std::string& text) {
    const std::string program = pager();
    set_habits_of_less();
    std::cout.flush();
    if (program.empty() || !is_longer(text, terminal_size()) || !is_shown_by(program, text))
        std::cout << text;
}

}  // namespace warren::ctl
