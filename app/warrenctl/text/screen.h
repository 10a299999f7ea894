// SPDX-License-Identifier: BSD-3-Clause
// How wide what is printed may be, and whether it may have colours. It travels with the stream, so
// that only who prints a table or a paragraph has to know.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <limits>
#include <string>
#include <string_view>

namespace warren::ctl {

struct Screen {
    std::size_t columns = 0;  // 0: no terminal, as wide as it gets
    bool has_colours = false;
};

void set_screen(std::ostream& out, const Screen& screen);
Screen screen_of(std::ostream& out);

struct ScreenSize {
    std::size_t columns = std::numeric_limits<std::size_t>::max();
    std::size_t rows = std::numeric_limits<std::size_t>::max();
};

// Of the terminal that standard output is, 80 by 24 if it does not say.
ScreenSize terminal_size();

// Of standard output: as wide as COLUMNS says, else the terminal, else 80; with colours but for
// NO_COLOR (https://no-color.org) and TERM=dumb. `all_columns`: however wide the terminal is.
Screen standard_screen(bool all_columns);

// At most so many columns, fewer on a narrower screen.
std::size_t columns_of(std::ostream& out, std::size_t most);

// Columns that UTF-8 text takes, and the beginning of it that takes so many, with "…" if it is cut.
std::size_t width_of(std::string_view text);
std::string cut_to(const std::string& text, std::size_t columns);
std::string cut_front(const std::string& text, std::size_t columns);  // the end of it likewise

// With the colour that its first word has, of trouble or of what is on its way; the same on a
// screen without colours.
std::string coloured(std::ostream& out, const std::string& text);

// "HEAD words words", what does not fit going on below the first word, or further left if there is
// no room for the next one; the last line ends in \n. What is between `gap`s stays together.
std::string wrapped(const std::string& head, const std::string& words, std::size_t columns,
                    std::string_view gap = " ");

}  // namespace warren::ctl
