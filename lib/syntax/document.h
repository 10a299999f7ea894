// SPDX-License-Identifier: BSD-3-Clause
// keepalived.conf as a tree: statements (words, perhaps with a block) with the file and line they
// stand in. Knows comments, quotes, braces, `include`, `$NAME` and `@id`, and nothing about
// keywords. Syntax as in keepalived.conf(5), a little more liberal about where braces stand.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "syntax/diagnostic.h"
#include "syntax/file_access.h"

namespace warren::syntax {

struct Node {
    Location where;
    std::vector<std::string> words;  // the keyword and its arguments, quotes removed
    bool has_block = false;
    std::vector<Node> children;

    const std::string& keyword() const { return words.front(); }
};

// Whatever the input, reading ends within these.
struct DocumentLimits {
    std::size_t file_bytes = 4U << 20;
    std::size_t total_bytes = 16U << 20;       // of all files
    std::size_t substituted_bytes = 2U << 20;  // of the lines and values where a `$` is looked up
    std::size_t files = 256;
    std::size_t include_depth = 16;
    std::size_t block_depth = 16;
    std::size_t nodes = 200'000;
    std::size_t definitions = 4'096;
    std::size_t substitution_depth = 64;
};

struct Document {
    std::vector<Node> nodes;
    Diagnostics diagnostics;
    Diagnostics braces;      // missing and extra '}'; apart, since the keywords may tell more
    bool truncated = false;  // reading stopped early: a limit, or the file itself cannot be read
    std::vector<std::string> files;  // in order of first reading
};

Document read_document(std::string_view file_name, const FileReader& read,
                       const LoadOptions& options = {}, const DocumentLimits& limits = {});

// The tree as keepalived.conf text again, one statement a line; passwords are masked.
struct TextLine {
    std::string text;
    Location where;  // what it was made of
};
std::vector<TextLine> to_lines(const std::vector<Node>& nodes);
std::string to_text(const std::vector<Node>& nodes);

// A word of the operator's for a message: quoted, shortened, without control characters.
std::string in_quotes(std::string_view word);

}  // namespace warren::syntax
