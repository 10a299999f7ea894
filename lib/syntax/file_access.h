// SPDX-License-Identifier: BSD-3-Clause
// How the caller lets a configuration be read: nothing here touches a disk.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren::syntax {

// The text of a file, or nothing if it cannot be read, and then why, if that is known.
struct FileText {
    FileText(std::optional<std::string> read) : text(std::move(read)) {}
    static FileText unreadable(std::string reason) {
        FileText none(std::nullopt);
        none.reason = std::move(reason);
        return none;
    }

    std::optional<std::string> text;
    std::string reason;  // "No such file or directory"
};
using FileReader = std::function<FileText(const std::string& path)>;
// The files that a pattern of `include` matches, sorted. Without one every pattern is a plain path.
using PatternExpander = std::function<std::vector<std::string>(const std::string& pattern)>;

struct LoadOptions {
    std::string config_id;  // lines that begin with @id count only if this is their id
    PatternExpander expand;
    std::uint64_t random_seed = 0;  // of `${_RANDOM}`: the same, the same file again
};

}  // namespace warren::syntax
