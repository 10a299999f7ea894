// SPDX-License-Identifier: BSD-3-Clause
// One line of keepalived.conf: where its comment starts, which words and braces it has, and `$NAME`
// definitions.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::syntax {

std::string_view trim(std::string_view text);
// With ~SEQ, ~SEQx or ~LST: sequences.h reads it.
bool begins_sequence(std::string_view line);

// The text before a comment: '#' or '!' anywhere outside quotes, with or without a blank before it.
// A backslash does not help: of keepalived's processes, those that speak VRRP and check do not heed
// it (2.2.7).
std::string_view without_comment(std::string_view line);

struct Token {
    enum class Kind { word, open, close };
    Kind kind = Kind::word;
    std::string text;  // of a word, quotes removed and escapes resolved
};

struct Tokens {
    std::vector<Token> tokens;
    bool unterminated_quote = false;
};

// Words are split by blanks and by unquoted braces; `${NAME}` stays in its word.
Tokens split_tokens(std::string_view line);

// `$NAME=VALUE` pairs. Substitution happens at use and recursively, as in keepalived.
class Definitions {
  public:
    struct Definition {
        std::string name;
        std::string value;
    };
    // If the line is `$NAME=...`, its two sides.
    static std::optional<Definition> parse(std::string_view line);
    static bool is_spaced_definition(std::string_view line);  // `$NAME = ...`, a common slip

    Definitions(std::size_t max_entries, std::size_t max_depth, std::size_t max_bytes)
        : max_entries_(max_entries), max_depth_(max_depth), bytes_left_(max_bytes) {}

    bool set(std::string name, std::string value);  // false: full
    // Replaces `${NAME}`, and `$NAME` before a blank or the end. Unknown names stay and are added
    // to `unknown`. Nothing when it does not end or grows too long. The value may hold newlines.
    std::optional<std::string> expand(std::string_view text, std::vector<std::string>& unknown);

  private:
    bool charge(std::size_t bytes);
    bool expand_into(std::string_view text, std::size_t depth, std::string& out,
                     std::vector<std::string>& unknown);

    std::map<std::string, std::string, std::less<>> values_;
    std::size_t max_entries_;
    std::size_t max_depth_;
    std::size_t bytes_left_;
};

}  // namespace warren::syntax
