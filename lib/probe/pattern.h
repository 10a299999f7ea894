// SPDX-License-Identifier: BSD-3-Clause
// A regular expression of an HTTP check, PCRE2's as in keepalived.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::probe {

struct PatternText {
    std::string regex;
    std::vector<std::string> options = {};       // keepalived's names: "caseless", "multiline", …
    std::size_t stack_start = 0, stack_max = 0;  // bytes, of the JIT; 0: PCRE2's own
    std::size_t min_offset = 0;                  // where the search begins
    std::size_t max_offset = 0;                  // a match begins before it; 0: anywhere
};

// PCRE2's flag, or nothing for a word that is none of its options.
std::optional<std::uint32_t> pattern_option(std::string_view name);

class Pattern {
  public:
    // What is wrong with it is in problem(); such a pattern matches nothing.
    explicit Pattern(const PatternText& text);
    ~Pattern();
    Pattern(Pattern&&) noexcept;

    const std::string& problem() const { return problem_; }
    // A match that takes too many steps is none: a server's bytes cannot hold up the loop.
    bool matches(std::string_view subject) const;

  private:
    struct Compiled;

    std::size_t min_offset_, max_offset_;
    std::unique_ptr<Compiled> compiled_;
    std::string problem_;
};

}  // namespace warren::probe
