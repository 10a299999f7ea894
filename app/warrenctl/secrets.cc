// SPDX-License-Identifier: BSD-3-Clause
#include "secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string_view>
#include <utility>

namespace warren::ctl {
namespace {

constexpr std::string_view stars = "********";
// What a name ends with that announces a secret wherever it stands; the others are words of every
// day unless an option or an assignment.
constexpr std::array<std::string_view, 5> secret_names{"auth_pass", "password", "passwd",
                                                       "passphrase", "secret"};
constexpr std::array<std::string_view, 4> secret_options{"pass", "pwd", "token", "apikey"};
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
        if (next >= text.size() || (text[next] != ' ' && text[next] != '=')) continue;
        const std::size_t end = std::min(text.find_first_of(" \t\r\n\"'", next + 1), text.size());
        const std::size_t colon = text.find(':', next);
        if (colon < end) return {colon + 1, end - colon - 1};
    }
    return {0, 0};
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
    constexpr std::pair<std::size_t, std::size_t> none{0, 0};
    const std::string_view all = text;
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
