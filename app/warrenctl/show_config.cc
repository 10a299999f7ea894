// SPDX-License-Identifier: BSD-3-Clause
#include "show_config.h"

#include <algorithm>
#include <ostream>

#include "fields.h"

namespace warren::ctl {
namespace {

constexpr std::size_t comment_column = 48;  // farther right after a longer line

std::string padded(std::string line) {
    line.resize(std::max(line.size() + 1, comment_column), ' ');
    return line;
}

}  // namespace

// What closes a block has the origin of what opens it.
void print_config(std::ostream& out, const std::vector<Json>& rows) {
    for (const Json& row : rows) {
        const std::string line = text(row, "text");
        if (line.ends_with('}'))
            out << line << '\n';
        else
            out << padded(line) << "# " << text(row, "file") << ':' << text(row, "line") << '\n';
    }
}

}  // namespace warren::ctl
