// SPDX-License-Identifier: BSD-3-Clause
#include "syntax/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

namespace warren::syntax {
namespace {

constexpr std::string_view stars = "********";
constexpr std::string_view blanks = " \t\r\n\x01";
constexpr char between_words = '\x01';  // of a statement, which may have blanks inside
// What a name ends with that announces a secret wherever it stands; the others are words of every
// day unless an option or an assignment.
constexpr std::array<std::string_view, 5> secret_names{"auth_pass", "password", "passwd",
                                                       "passphrase", "secret"};
constexpr std::array<std::string_view, 4> secret_options{"pass", "pwd", "token", "apikey"};
constexpr std::string_view before_values = " \t=:\\\x01";
constexpr std::string_view ends_of_value = " \t\r\n,;\"'\\\x01";
constexpr std::string_view ends_of_login = " \t\r\n\"'\x01";
constexpr std::array<std::string_view, 3> login_options{"-u", "--user", "--proxy-user"};

bool is_part_of_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

std::string lower(std::string_view text) {
    std::string all(text);
    std::transform(all.begin(), all.end(), all.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return all;
}

bool ends_with_any(std::string_view name, std::span<const std::string_view> endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return name.ends_with(ending); });
}

// Of the name that begins at `at` and announces a secret: 0 is none.
std::size_t secret_name_size(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && text[end] != '-' && is_part_of_word(text[end]))
        ++end;
    if (end < text.size() && text[end] == '-') return 0;
    const std::string name = lower(text.substr(at, end - at));
    const bool is_option =
        (at > 0 && text[at - 1] == '-') || (end < text.size() && text[end] == '=');
    return ends_with_any(name, secret_names) || (is_option && ends_with_any(name, secret_options))
               ? end - at
               : 0;
}

// The part behind the colon in "-u NAME:X", whose option begins at `at`: {0, 0} is none.
std::pair<std::size_t, std::size_t> login_at(std::string_view text, std::size_t at) {
    for (const std::string_view option : login_options) {
        if (!text.substr(at).starts_with(option)) continue;
        const std::size_t next = at + option.size();
        if (next >= text.size() || (text[next] != '=' && blanks.find(text[next]) == blanks.npos))
            continue;
        const std::size_t end = std::min(text.find_first_of(ends_of_login, next + 1), text.size());
        const std::size_t colon = text.find(':', next);
        if (colon < end) return {colon + 1, end - colon - 1};
    }
    return {0, 0};
}

bool is_quoting(char c) {
    return c == '"' || c == '\'';
}

// Where what is said of it begins: behind blanks, one of "=:" and a quote, escaped or not.
std::size_t value_begin(std::string_view text, std::size_t at) {
    at = std::min(text.find_first_not_of("\\\"'", at), text.size());
    at = std::min(text.find_first_not_of(before_values, at), text.size());
    return at < text.size() && is_quoting(text[at]) ? at + 1 : at;
}

// A quoted value goes to its quote: to one that is escaped if the first one was; one behind "=" may
// be of a URL's query, and goes to the next parameter.
std::size_t value_end(std::string_view text, std::size_t at) {
    if (at == 0 || !is_quoting(text[at - 1])) {
        const std::size_t end = std::min(text.find_first_of(ends_of_value, at), text.size());
        return at > 0 && text[at - 1] == '=' ? std::min(text.find('&', at), end) : end;
    }
    const bool is_escaped = at > 1 && text[at - 2] == '\\';
    for (const char quote = text[at - 1];
         at < text.size() && text[at] != '\n' && text[at] != between_words; ++at) {
        const bool escapes = text[at] == '\\';
        if (text[at] == quote || (escapes && is_escaped)) return at;
        if (escapes) ++at;
    }
    return std::min(at, text.size());
}

// What is secret of "NAME:X@" or "X@" of a URL whose "://" ends at `at`: {0, 0} is none.
std::pair<std::size_t, std::size_t> user_at(std::string_view text, std::size_t at) {
    const std::size_t end =
        std::min({text.find_first_of(ends_of_login, at), text.find('/', at), text.size()});
    const std::size_t sign = text.substr(0, end).rfind('@');
    if (sign == std::string_view::npos || sign < at) return {0, 0};
    const std::size_t colon = text.substr(0, sign).find(':', at);
    const std::size_t begin = colon == std::string_view::npos ? at : colon + 1;
    return {begin, sign - begin};
}

}  // namespace

std::string without_secrets(std::string_view all) {
    constexpr std::pair<std::size_t, std::size_t> none{0, 0};
    std::string out;
    for (std::size_t at = 0; at < all.size();) {
        std::size_t to = at + 1, hidden = 0;
        const bool begins_word = at == 0 || all[at - 1] == '-' || !is_part_of_word(all[at - 1]);
        if (const std::size_t size = begins_word ? secret_name_size(all, at) : 0; size != 0) {
            to = value_begin(all, at + size);
            hidden = value_end(all, to) - to;
        } else if (const auto [begin, length] = begins_word ? login_at(all, at) : none;
                   length != 0) {
            to = begin;
            hidden = length;
        } else if (all.substr(at).starts_with("://")) {
            std::tie(to, hidden) = user_at(all, at + 3);
            if (hidden == 0) to = at + 3;
        }
        out += all.substr(at, to - at);
        if (hidden != 0) out += stars;
        at = to + hidden;
    }
    return out;
}

std::vector<std::string> without_secrets(const std::vector<std::string>& words) {
    if (words.front() == "auth_pass" || words.front() == "password") {
        std::vector<std::string> all(words.size(), std::string(stars));
        all.front() = words.front();
        return all;
    }
    std::string line;
    for (const std::string& word : words) {
        if (&word != &words.front()) line += between_words;
        line += word;
        std::replace(line.end() - std::ssize(word), line.end(), between_words, '?');
    }
    line = without_secrets(std::string_view(line));
    std::vector<std::string> all;
    for (std::size_t at = 0; at <= line.size();) {
        const std::size_t end = std::min(line.find(between_words, at), line.size());
        all.push_back(line.substr(at, end - at));
        at = end + 1;
    }
    return all;
}

}  // namespace warren::syntax
