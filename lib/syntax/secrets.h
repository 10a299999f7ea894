// SPDX-License-Identifier: BSD-3-Clause
// What of a statement must not be shown: passwords, where a keyword names them or, in the command
// of a script, an option (--password X, PASSWORD=X, -u NAME:X) or a URL (http://NAME:X@HOST).
#pragma once

#include <string>
#include <vector>

namespace warren::syntax {

// The words of a statement, the first its keyword, with "********" for each secret. A word may be a
// whole command.
std::vector<std::string> without_secrets(const std::vector<std::string>& words);

}  // namespace warren::syntax
