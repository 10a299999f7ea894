// SPDX-License-Identifier: BSD-3-Clause
// Loads a configuration from strings, and shows diagnostics in a form that tables can hold.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "schema/load.h"

namespace warren::schema {

using Files = std::map<std::string, std::string>;

inline syntax::FileReader reader_of(const Files& files) {
    return [&files](const std::string& path) -> std::optional<std::string> {
        const auto found = files.find(path);
        if (found == files.end()) return std::nullopt;
        return found->second;
    };
}

inline LoadResult load_text(const std::string& text, const syntax::LoadOptions& options = {}) {
    const Files files{{"f", text}};
    return load("f", reader_of(files), options);
}

// "f:3: error: ..." a line.
inline std::string messages(const syntax::Diagnostics& diagnostics) {
    std::string all;
    for (const syntax::Diagnostic& d : diagnostics)
        all += d.to_string() + "\n";
    return all;
}

}  // namespace warren::schema
