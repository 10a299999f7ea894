// SPDX-License-Identifier: BSD-3-Clause
// The way in: keepalived.conf text to a checked Config. Reads nothing itself: the caller hands over
// the files' text, so tests and the fuzzer need no disk.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "syntax/diagnostic.h"
#include "syntax/document.h"
#include "syntax/file_access.h"

namespace warren::schema {

// `config` is meaningful only when ok(). Diagnostics come in the order of the text they are about.
struct LoadResult {
    config::Config config;
    syntax::Diagnostics diagnostics;
    std::vector<syntax::Ignored> ignored;
    // The files as one, definitions and includes resolved, passwords masked.
    std::vector<syntax::TextLine> lines;
    std::vector<std::string> files;  // in the order in which they are read

    bool ok() const { return !syntax::has_error(diagnostics); }
};

// Again, when others have been added.
void sort_as_text(LoadResult& result);

LoadResult load(std::string_view file_name, const syntax::FileReader& read,
                const syntax::LoadOptions& options = {});

}  // namespace warren::schema
