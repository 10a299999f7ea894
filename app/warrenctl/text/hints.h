// SPDX-License-Identifier: BSD-3-Clause
// What somebody is told whose word is none of those that are known.
#pragma once

#include <string>
#include <vector>

namespace warren::ctl {

// "unknown WHAT "WORD": did you mean "KNOWN"?", or what it may be.
std::string unknown_word(const std::string& what, const std::string& word,
                         const std::vector<std::string>& known);

// "one of: A, B"
std::string list_of(const std::vector<std::string>& known);

}  // namespace warren::ctl
