// SPDX-License-Identifier: BSD-3-Clause
// What a command line that is not finished may go on with. Pure, but for who knows the names.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "verbs.h"

namespace warren::ctl {

// The names of the running warren for any_server, any_service or any_router.
using NamesOf = std::function<Words(const std::string& kind)>;

// What the last word may become; `before` are those in front of it, options among them.
Words completions(const Words& before, const std::string& begun, const NamesOf& names);

// A line as words, as sh makes them: blanks, quotes, backslashes. Throws std::invalid_argument
// where a quote is open.
Words words_of_line(const std::string& line);

// Asks an instance; nobody and nothing where it does not answer.
NamesOf names_of_instance(const std::string& instance);

}  // namespace warren::ctl
