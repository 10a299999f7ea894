// SPDX-License-Identifier: BSD-3-Clause
#include "text/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <ostream>

namespace warren::ctl {
namespace {

constexpr ScreenSize usual_size{80, 24};
constexpr std::size_t fewest_columns = 40;
constexpr std::size_t small_indent = 2;

constexpr std::array<std::string_view, 11> red_words{"down",    "DOWN",   "fault", "failed",
                                                     "refused", "error",  "no",    "unresolved",
                                                     "FAULT",   "closed", "lost"};
constexpr std::array<std::string_view, 9> yellow_words{
    "DEGRADED", "slow", "draining", "standby", "maint", "blocked", "warning", "held", "STANDBY"};

int columns_index() {
    static const int index = std::ios_base::xalloc();
    return index;
}

int colours_index() {
    static const int index = std::ios_base::xalloc();
    return index;
}

std::size_t number_in(const char* text) {
    std::size_t number = 0;
    if (text != nullptr) std::from_chars(text, text + std::string_view(text).size(), number);
    return number;
}

std::size_t wanted_columns() {
    const std::size_t said = number_in(std::getenv("COLUMNS"));
    return said != 0 ? said : terminal_size().columns;
}

bool wants_colours() {
    const char* refused = std::getenv("NO_COLOR");
    const char* kind = std::getenv("TERM");
    return (refused == nullptr || *refused == '\0') && kind != nullptr &&
           std::string_view(kind) != "dumb";
}

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

}  // namespace

void set_screen(std::ostream& out, const Screen& screen) {
    out.iword(columns_index()) = static_cast<long>(screen.columns);
    out.iword(colours_index()) = screen.has_colours ? 1 : 0;
}

Screen screen_of(std::ostream& out) {
    return {static_cast<std::size_t>(out.iword(columns_index())), out.iword(colours_index()) != 0};
}

ScreenSize terminal_size() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return usual_size;
    return {size.ws_col, size.ws_row};
}

Screen standard_screen(bool all_columns) {
    if (isatty(STDOUT_FILENO) == 0) return {};
    return {all_columns ? 0 : std::max(wanted_columns(), fewest_columns), wants_colours()};
}

std::size_t columns_of(std::ostream& out, std::size_t most) {
    const std::size_t columns = screen_of(out).columns;
    return columns == 0 ? most : std::min(columns, most);
}

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string cut_to(const std::string& text, std::size_t columns) {
    if (width_of(text) <= columns) return text;
    if (columns == 0) return {};
    std::size_t end = 0;
    for (std::size_t seen = 0; end < text.size(); ++end)
        if (begins_character(text[end]) && ++seen == columns) break;
    return text.substr(0, end) + "…";
}

std::string cut_front(const std::string& text, std::size_t columns) {
    std::size_t left = width_of(text);
    if (left <= columns) return text;
    if (columns == 0) return {};
    std::size_t begin = 0;
    for (; left >= columns; --left)
        while (++begin < text.size() && !begins_character(text[begin])) {
        }
    return "…" + text.substr(begin);
}

std::string coloured(std::ostream& out, const std::string& text) {
    if (!screen_of(out).has_colours) return text;
    const std::string_view word = std::string_view(text).substr(0, text.find(' '));
    const auto is_in = [&](const auto& words) {
        return std::find(words.begin(), words.end(), word) != words.end();
    };
    const char* colour = is_in(red_words) ? "31" : is_in(yellow_words) ? "33" : nullptr;
    return colour == nullptr ? text : "\033[" + std::string(colour) + "m" + text + "\033[0m";
}

std::string wrapped(const std::string& head, const std::string& words, std::size_t columns,
                    std::string_view gap) {
    const std::size_t below = width_of(head);
    std::string all, line = head;
    bool is_new = true;
    for (std::size_t begin = 0; begin < words.size();) {
        const std::size_t end = std::min(words.find(gap, begin), words.size());
        const std::string word = words.substr(begin, end - begin);
        const std::size_t width = width_of(line) + (is_new ? 0 : gap.size()) + width_of(word);
        if (width > columns && (!is_new || width_of(line) > small_indent)) {
            const bool has_room = below + width_of(word) <= columns;
            all += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
            line = std::string(has_room ? below : std::min(below, small_indent), ' ');
            is_new = true;
        }
        line += (is_new ? "" : std::string(gap)) + word;
        is_new = false;
        begin = end + gap.size();
    }
    return all + line + '\n';
}

}  // namespace warren::ctl
