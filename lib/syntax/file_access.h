// SPDX-License-Identifier: BSD-3-Clause
// How the caller lets a configuration be read: nothing here touches a disk.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace warren::syntax {

// The text of a file, or nothing if it cannot be read.
using FileReader = std::function<std::optional<std::string>(const std::string& path)>;
// The files that a pattern of `include` matches, sorted. Without one every pattern is a plain path.
using PatternExpander = std::function<std::vector<std::string>(const std::string& pattern)>;

struct LoadOptions {
    std::string config_id;  // lines that begin with @id count only if this is their id
    PatternExpander expand;
    std::uint64_t random_seed = 0;  // of `${_RANDOM}`: the same, the same file again
};

}  // namespace warren::syntax
