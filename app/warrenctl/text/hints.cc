// SPDX-License-Identifier: BSD-3-Clause
#include "text/hints.h"

#include "syntax/near_words.h"

namespace warren::ctl {

std::string unknown_word(const std::string& what, const std::string& word,
                         const std::vector<std::string>& known) {
    const std::string text = "unknown " + what + " \"" + word + "\": ";
    const auto meant = [&](const std::string& known_word) {
        return text + "did you mean \"" + known_word + "\"?";
    };
    syntax::NearWord near(word);
    for (const std::string& each : known) {
        if (!word.empty() && each.starts_with(word)) return meant(each);
        near.consider(each);
    }
    if (!near.best().empty()) return meant(near.best());
    return text + list_of(known);
}

std::string list_of(const std::vector<std::string>& known) {
    constexpr std::size_t most = 25;  // more are not read
    std::string text = "one of ";
    for (std::size_t i = 0; i < std::min(known.size(), most); ++i)
        text += (i == 0 ? "" : ", ") + known[i];
    return known.size() > most ? text + ", ..." : text;
}

}  // namespace warren::ctl
