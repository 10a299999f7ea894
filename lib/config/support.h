// SPDX-License-Identifier: BSD-3-Clause
// What is understood but not implemented yet, in one place. Whoever implements something deletes
// its line here (and, for a keyword, adds it to the schema). Nothing configured is ever silently
// left out: what keepalived serves and we do not yet is warned about, and what would be dangerous
// to leave out (who may connect, what servers expect) is refused.
#pragma once

#include <optional>
#include <string_view>

#include "config/config.h"

namespace warren::config {

// A keyword that has no place in Config yet. `block` is the keyword of the block around it, "" for
// the file itself.
struct UnservedKeyword {
    std::string_view block;
    std::string_view keyword;
    std::string_view meaning;  // what happens instead, or what to do
    syntax::Severity severity = syntax::Severity::warning;
};
const UnservedKeyword* find_unserved(std::string_view block, std::string_view keyword);

// For values that Config holds but nothing acts on.
syntax::Diagnostics check_supported(const Config& config);

}  // namespace warren::config
