// SPDX-License-Identifier: BSD-3-Clause
// What must not be shown, of a configuration, a log or a command: passwords, by the name of what
// has them (auth_pass X, X_PASSWORD=X, "secret": "X"), by an option (--token X, -u NAME:X) or in a
// URL (http://NAME:X@HOST). They become "********".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace warren::syntax {

std::string without_secrets(std::string_view text);

// The words of a statement, the first its keyword. A word may be a whole command.
std::vector<std::string> without_secrets(const std::vector<std::string>& words);

}  // namespace warren::syntax
