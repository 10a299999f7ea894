// SPDX-License-Identifier: BSD-3-Clause
// The key of flow sync: lines of a file that nobody else may read.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace warren::app {

struct SyncKeys {
    std::vector<std::string> keys;  // one, or two while they change: the first signs, both verify
    std::string problem;            // empty: none
};

inline constexpr std::size_t least_key_bytes = 32;

// One key a line, each of 32 to 1,024 characters; the file is a plain one of mode 0600 or less.
SyncKeys read_sync_keys(const std::string& path);

// What a start and --check say of the file; without a key there is no flow sync, so it is an error.
syntax::Diagnostics check_sync_keys(const config::Config& config);

}  // namespace warren::app
