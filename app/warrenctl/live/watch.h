// SPDX-License-Identifier: BSD-3-Clause
// `--watch`: the same again and again; at a terminal on one screen, what has changed in bold, else
// one below the other.
#pragma once

#include <functional>
#include <string>

namespace warren::ctl {

// A line of text that is not in `before` at the same place is bold.
std::string with_changes(const std::string& before, const std::string& now);

// Until it is interrupted, or the output ends.
void watch(double seconds, const std::function<std::string()>& text);

}  // namespace warren::ctl
