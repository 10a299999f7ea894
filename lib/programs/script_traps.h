// SPDX-License-Identifier: BSD-3-Clause
// What a script cannot do here though its author may count on it: it runs without a shell, as in
// keepalived, and it cannot end Warren by ending keepalived.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace warren::programs {

// The first of a command's words that means something to a shell alone ("|", "&&", ">x"); empty:
// none, or the command is a shell's.
std::string word_for_a_shell(const std::vector<std::string>& argv);

// A line of a command or of a script that stops, restarts or kills keepalived.
bool stops_keepalived(std::string_view line);

// The number of the first such line, from 1; 0: none.
std::size_t line_that_stops_keepalived(std::string_view text);

// The same of a file's first 64 KiB; 0 too if it is no text, or cannot be read.
std::size_t line_of_file_that_stops_keepalived(const std::string& path);

}  // namespace warren::programs
