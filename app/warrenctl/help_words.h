// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl help WORD` of words that answers have in them: counters, kinds of events, reasons of
// the verdict, causes of ends.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace warren::ctl {

// All that has the name. False: nothing has.
bool explain_word(const std::string& name, std::ostream& out);

// All that can be explained.
std::vector<std::string> explained_words();

}  // namespace warren::ctl
