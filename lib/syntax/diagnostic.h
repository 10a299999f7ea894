// SPDX-License-Identifier: BSD-3-Clause
// What is told to the operator about his configuration, always with the file and line it is about.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace warren::syntax {

// Lines count from 1; 0 means the file as a whole. Copies share the name.
struct Location {
    std::shared_ptr<const std::string> file;
    unsigned line = 0;

    std::string to_string() const;  // "warren.conf:12"

    // So that what stands there can be compared by what it says.
    friend constexpr bool operator==(const Location&, const Location&) { return true; }
};

// error: the configuration is refused. warning: accepted, probably not meant. note: good to know.
enum class Severity { note, warning, error };

struct Diagnostic {
    Location where;
    Severity severity = Severity::error;
    std::string message;

    std::string to_string() const;  // "warren.conf:12: error: unknown keyword ..."
};

using Diagnostics = std::vector<Diagnostic>;

bool has_error(const Diagnostics& diagnostics);

// A keyword that is known and has no meaning without a kernel's stack; `--check` lists it.
struct Ignored {
    Location where;
    std::string keyword;
    std::string reason;
};

}  // namespace warren::syntax
