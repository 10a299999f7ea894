// SPDX-License-Identifier: BSD-3-Clause
#include "commands.h"

#include <algorithm>

#include "text/hints.h"

namespace warren::ctl {

void check_count(const Said& said, std::size_t most) {
    if (said.words.size() > most)
        throw UsageError(said.words[0] + " takes no more words: \"" + said.words[most] + '"');
}

void check_alone(const Said& said) {
    check_count(said, 1);
}

const std::string& one_of(const Said& said, const char* option, const Words& known) {
    const std::string& text = said.text(option);
    if (!text.empty() && std::find(known.begin(), known.end(), text) == known.end())
        throw UsageError(unknown_word(std::string("--") + option, text, known));
    return text;
}

}  // namespace warren::ctl
