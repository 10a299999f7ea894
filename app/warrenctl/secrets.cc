// SPDX-License-Identifier: BSD-3-Clause
#include "secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace warren::ctl {
namespace {

constexpr std::string_view stars = "********";
constexpr std::array<std::string_view, 5> secret_words{"auth_pass", "password", "passwd",
                                                       "passphrase", "secret"};

bool is_part_of_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

bool begins_with(std::string_view text, std::string_view word) {
    return text.size() >= word.size() &&
           std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) {
               return a == std::tolower(static_cast<unsigned char>(b));
           });
}

// Of a word that announces a secret and stands for itself: 0 is none.
std::size_t secret_word_size(std::string_view text) {
    for (const std::string_view word : secret_words)
        if (begins_with(text, word) &&
            (text.size() == word.size() || !is_part_of_word(text[word.size()])))
            return word.size();
    return 0;
}

bool is_quote(char c) {
    return c == '"' || c == '\'';
}

// Where what is said of it begins: behind blanks, one of "=:" and a quote, escaped or not.
std::size_t value_begin(std::string_view text, std::size_t at) {
    at = std::min(text.find_first_not_of("\\\"'", at), text.size());
    at = std::min(text.find_first_not_of(" \t=:\\", at), text.size());
    return at < text.size() && is_quote(text[at]) ? at + 1 : at;
}

// A quoted value goes to its quote: to one that is escaped if the first one was.
std::size_t value_end(std::string_view text, std::size_t at) {
    if (at == 0 || !is_quote(text[at - 1]))
        return std::min(text.find_first_of(" \t\r\n,;\"'\\", at), text.size());
    const bool is_escaped = at > 1 && text[at - 2] == '\\';
    for (const char quote = text[at - 1]; at < text.size() && text[at] != '\n'; ++at) {
        const bool escapes = text[at] == '\\';
        if (text[at] == quote || (escapes && is_escaped)) return at;
        if (escapes) ++at;
    }
    return std::min(at, text.size());
}

// "user:word@" of a URL whose "://" ends at `at`; 0: nobody is named.
std::size_t user_size(std::string_view text, std::size_t at) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n\"'/", at), text.size());
    const std::size_t sign = text.substr(at, end - at).rfind('@');
    return sign == std::string_view::npos ? 0 : sign;
}

}  // namespace

std::string without_secrets(const std::string& text) {
    const std::string_view all = text;
    std::string out;
    for (std::size_t at = 0; at < all.size();) {
        std::size_t to = at + 1, hidden = 0;
        const bool begins_word = at == 0 || all[at - 1] == '-' || !is_part_of_word(all[at - 1]);
        if (const std::size_t size = begins_word ? secret_word_size(all.substr(at)) : 0;
            size != 0) {
            to = value_begin(all, at + size);
            hidden = value_end(all, to) - to;
        } else if (all.substr(at).starts_with("://")) {
            to = at + 3;
            hidden = user_size(all, to);
        }
        out += all.substr(at, to - at);
        if (hidden != 0) out += stars;
        at = to + hidden;
    }
    return out;
}

}  // namespace warren::ctl
