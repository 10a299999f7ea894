// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl shell`: commands line by line, at a terminal with editing, history and completion
// (libedit); from a pipe without.
#pragma once

#include <functional>
#include <string>

#include "verbs.h"

namespace warren::ctl {

// Runs a command's words and gives its exit status.
using RunWords = std::function<int(Words words)>;

// Each command runs in a process of its own: ^C ends it and not the shell, and nothing that it
// leaves behind reaches the next. Gives the last one's exit status.
int shell(const std::string& instance, const RunWords& run);

}  // namespace warren::ctl
