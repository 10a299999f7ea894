// SPDX-License-Identifier: BSD-3-Clause
// The way in: keepalived.conf text to a checked Config. Reads nothing itself: the caller hands over
// the files' text, so tests and the fuzzer need no disk.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/diagnostic.h"

namespace warren::config {

// The text of a file, or nothing if it cannot be read.
using FileReader = std::function<std::optional<std::string>(const std::string& path)>;
// The files that a pattern of `include` matches, sorted. Without one every pattern is a plain path.
using PatternExpander = std::function<std::vector<std::string>(const std::string& pattern)>;

struct LoadOptions {
    std::string config_id;  // lines that begin with @id count only if this is their id
    PatternExpander expand;
};

// `config` is meaningful only when ok(). Diagnostics come in the order of the text they are about.
struct LoadResult {
    Config config;
    Diagnostics diagnostics;
    std::vector<Ignored> ignored;
    std::string text;  // the files as one, definitions and includes resolved, passwords masked

    bool ok() const { return !has_error(diagnostics); }
};

LoadResult load(std::string_view file_name, const FileReader& read,
                const LoadOptions& options = {});

}  // namespace warren::config
