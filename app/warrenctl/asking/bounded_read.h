// SPDX-License-Identifier: BSD-3-Clause
// What a command says and what ends a file: never more than so many bytes.
#pragma once

#include <cstddef>
#include <string>

namespace warren::ctl {

// Both outputs of a script of sh, which has 10 s; with a last line that says how it ended, if not
// well, and that it was cut.
std::string output_of(const std::string& script, std::size_t most_bytes);

// The last whole lines of a file. Throws std::system_error.
std::string end_of_file(const std::string& path, std::size_t most_lines, std::size_t most_bytes);
std::string last_lines(const std::string& text, std::size_t most);

}  // namespace warren::ctl
