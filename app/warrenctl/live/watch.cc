// SPDX-License-Identifier: BSD-3-Clause
#include "live/watch.h"

#include <chrono>
#include <iostream>
#include <string_view>
#include <thread>
#include <vector>

#include "live/terminal.h"
#include "text/screen.h"

namespace warren::ctl {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text = end == text.npos ? std::string_view() : text.substr(end + 1);
    }
    return lines;
}

// As much of it as the screen has, written over the one before.
std::string painted(const std::string& text) {
    const std::size_t rows = terminal_size().rows;
    std::string all = "\033[H";
    std::size_t shown = 0;
    for (const std::string_view line : lines_of(text)) {
        if (++shown >= rows) break;
        all += std::string(line) + "\033[K\n";
    }
    return all + "\033[J";
}

}  // namespace

std::string with_changes(const std::string& before, const std::string& now) {
    const std::vector<std::string_view> old_lines = lines_of(before), lines = lines_of(now);
    std::string all;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const bool is_new = !before.empty() && (i >= old_lines.size() || old_lines[i] != lines[i]);
        all +=
            is_new ? "\033[1m" + std::string(lines[i]) + "\033[0m\n" : std::string(lines[i]) + '\n';
    }
    return all;
}

void watch(double seconds, const std::function<std::string()>& text) {
    const bool is_screen = is_full_terminal();
    std::string before;
    if (is_screen) std::cout << "\033[2J";
    while (std::cout) {
        const std::string now = text();
        if (is_screen)
            std::cout << painted(with_changes(before, now));
        else
            std::cout << (before.empty() ? "" : "\n") << now;
        std::cout.flush();
        before = now;
        std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    }
}

}  // namespace warren::ctl
