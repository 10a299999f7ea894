// SPDX-License-Identifier: BSD-3-Clause
#include "help_words.h"

#include <ostream>
#include <utility>

#include "show/show_counters.h"
#include "text/screen.h"
#include "word_texts.h"

namespace warren::ctl {
namespace {

constexpr std::size_t narrow = 80;

void explain(const WordText& text, std::ostream& out) {
    const std::size_t columns = columns_of(out, narrow);
    const std::string what =
        text.what == "event"   ? "a kind of events: warrenctl events " + std::string(text.name)
        : text.what == "cause" ? "a cause of ended connections: who ended them"
                               : "a reason of the verdict, " + std::string(text.level);
    out << text.name << ", " << what << '\n'
        << wrapped(text.what == "reason" ? "  when    " : "  means   ", std::string(text.means),
                   columns)
        << "  next    " << text.ask << '\n';
}

}  // namespace

bool explain_word(const std::string& name, std::ostream& out) {
    bool is_known = explain_counter(name, out);
    for (const WordText& text : word_texts) {
        if (text.name != name) continue;
        if (std::exchange(is_known, true)) out << '\n';
        explain(text, out);
    }
    return is_known;
}

std::vector<std::string> explained_words() {
    std::vector<std::string> all = counter_names();
    for (const WordText& text : word_texts)
        all.emplace_back(text.name);
    return all;
}

}  // namespace warren::ctl
