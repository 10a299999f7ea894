// SPDX-License-Identifier: BSD-3-Clause
// Rows of JSON as an aligned table of text that fits the screen of its stream (screen.h).
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "asking/telemetry.h"

namespace warren::ctl {

enum class Align { left, right };

// What becomes of a text that is too long: its beginning stays, or its end, where that is what
// tells it from others, as in addresses and ports; or, in the last column, it goes on below.
enum class TooLong { cut, cut_front, wrap };

struct Column {
    const char* title;
    Align align;
    std::string (*text)(const Json& row);
    unsigned rank = 0;  // on a narrow screen the highest go first; 0: it stays
    TooLong too_long = TooLong::cut;
};

// Two spaces between columns, no trailing blanks; without rows only the titles. If what stays is
// still too wide, the widest texts are cut, or go on on lines of their own.
void print_table(std::ostream& out, const std::vector<Column>& columns,
                 const std::vector<Json>& rows, bool with_titles = true);

}  // namespace warren::ctl
