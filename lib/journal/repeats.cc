// SPDX-License-Identifier: BSD-3-Clause
#include "journal/repeats.h"

namespace warren::journal {

bool Repeats::admit(const What& what, const std::string& text, std::int64_t now_ms) {
    const auto found = windows_.find(text);
    if (found != windows_.end()) return ++found->second.times <= said_at_most;
    if (windows_.size() < capacity) windows_[text] = {now_ms, what, 1};
    return true;
}

// A clock that was set back ends all windows, lest they last for hours.
std::vector<Repeats::Folded> Repeats::ended(std::int64_t now_ms) {
    std::vector<Folded> told;
    for (auto next = windows_.begin(); next != windows_.end();) {
        const auto& [text, window] = *next;
        const std::int64_t age_ms = now_ms - window.since_ms;
        const bool is_over = age_ms < 0 || age_ms >= window_ms;
        if (is_over && window.times > said_at_most)
            told.push_back({window.what, text, window.times - said_at_most});
        next = is_over ? windows_.erase(next) : std::next(next);
    }
    return told;
}

}  // namespace warren::journal
