// SPDX-License-Identifier: BSD-3-Clause
#include "syntax/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace warren::syntax {
namespace {

constexpr std::string_view mask = "********";

bool is_secret_keyword(std::string_view keyword) {
    return keyword == "auth_pass" || keyword == "password";
}

bool is_of_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

// "--rabbit-token", "PGPASSWORD": by its last part, and that by its end where it is unmistakable.
bool names_secret(std::string_view name) {
    constexpr std::array<std::string_view, 5> secrets{"pass", "pwd", "secret", "token", "apikey"};
    constexpr std::array<std::string_view, 3> endings{"password", "passwd", "passphrase"};
    std::string last(name.substr(name.find_last_of("_-") + 1));
    std::transform(last.begin(), last.end(), last.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::find(secrets.begin(), secrets.end(), last) != secrets.end() ||
           std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return last.ends_with(ending); });
}

bool takes_login(std::string_view option) {
    return option == "-u" || option == "--user" || option == "--proxy-user";
}

// What the next argument is, by the one before it.
enum class Next { plain, secret, login };

Next next_after(std::string_view argument) {
    if (takes_login(argument)) return Next::login;
    return argument.starts_with('-') && names_secret(argument) ? Next::secret : Next::plain;
}

// "NAME=X" anywhere in it, as in a query of a URL.
std::string without_assigned(std::string argument) {
    for (std::size_t at = argument.find('='); at != std::string::npos;
         at = argument.find('=', at + 1)) {
        std::size_t begin = at;
        while (begin > 0 && is_of_name(argument[begin - 1]))
            --begin;
        if (!names_secret(std::string_view(argument).substr(begin, at - begin))) continue;
        const std::size_t end = std::min(argument.find_first_of("&;'\"", at), argument.size());
        argument.replace(at + 1, end - at - 1, mask);
    }
    return argument;
}

// "NAME:X", or "NAME:X@HOST" behind "://".
std::string without_password(std::string login, std::size_t from, std::size_t end) {
    const std::size_t colon = login.find(':', from);
    if (colon == std::string::npos || colon >= end) return login;
    return login.replace(colon + 1, end - colon - 1, mask);
}

std::string without_login(const std::string& url) {
    const std::size_t slashes = url.find("://");
    const std::size_t at = slashes == std::string::npos ? slashes : url.find('@', slashes);
    return at == std::string::npos ? url : without_password(url, slashes + 3, at);
}

std::string shown(const std::string& argument, Next kind) {
    if (kind == Next::secret) return std::string(mask);
    if (kind == Next::login) return without_password(argument, 0, argument.size());
    return without_login(without_assigned(argument));
}

// The arguments of a command that is one word; `next` goes on from word to word.
std::string shown_command(const std::string& command, Next& next) {
    std::string all;
    for (std::size_t begin = 0; begin < command.size();) {
        const std::size_t end = std::min(command.find_first_of(" \t", begin), command.size());
        if (end > begin) {
            const std::string argument = command.substr(begin, end - begin);
            all += shown(argument, next);
            next = next_after(argument);
        }
        if (end < command.size()) all += command[end];
        begin = end + 1;
    }
    return all;
}

}  // namespace

std::vector<std::string> without_secrets(const std::vector<std::string>& words) {
    std::vector<std::string> all{words.front()};
    Next next = Next::plain;
    for (std::size_t i = 1; i < words.size(); ++i)
        all.push_back(is_secret_keyword(words.front()) ? std::string(mask)
                                                       : shown_command(words[i], next));
    return all;
}

}  // namespace warren::syntax
