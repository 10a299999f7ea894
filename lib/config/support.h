// SPDX-License-Identifier: BSD-3-Clause
// What is understood but not implemented yet, in one place. Whoever implements something deletes
// its line here (and, for a refused keyword, adds it to the schema). Nothing configured is ever
// silently left out.
#pragma once

#include <optional>
#include <string_view>

#include "config/config.h"

namespace warren::config {

// For a keyword that has no place in Config yet: what to say after "is not supported yet". `block`
// is the keyword of the block around it, "" for the file itself.
std::optional<std::string_view> refused_keyword(std::string_view block, std::string_view keyword);

// For values that Config holds but nothing acts on.
Diagnostics check_supported(const Config& config);

}  // namespace warren::config
