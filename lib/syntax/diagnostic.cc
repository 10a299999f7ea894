// SPDX-License-Identifier: BSD-3-Clause
#include "syntax/diagnostic.h"

#include <algorithm>

namespace warren::syntax {

std::string Location::to_string() const {
    const std::string name = file ? *file : std::string("configuration");
    return line == 0 ? name : name + ":" + std::to_string(line);
}

std::string Diagnostic::to_string() const {
    const char* level = severity == Severity::error     ? "error"
                        : severity == Severity::warning ? "warning"
                                                        : "note";
    return where.to_string() + ": " + level + ": " + message;
}

bool has_error(const Diagnostics& diagnostics) {
    return std::any_of(diagnostics.begin(), diagnostics.end(),
                       [](const Diagnostic& d) { return d.severity == Severity::error; });
}

}  // namespace warren::syntax
