// SPDX-License-Identifier: BSD-3-Clause
// What is said again and again: a few times, then counted until its time is over. A flood of one
// thing must not push everything else out of the log. Bounded: beyond so many different texts at a
// time nothing is folded.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "journal/event_kind.h"
#include "journal/subject.h"

namespace warren::journal {

class Repeats {
  public:
    static constexpr unsigned said_at_most = 5;  // of one text in one window
    static constexpr std::int64_t window_ms = 30'000;
    static constexpr std::size_t capacity = 256;

    // As the first of them had it.
    struct What {
        EventKind kind = EventKind::process;
        EventLevel level = EventLevel::info;
        Subject about{};
    };
    struct Folded {
        What what{};
        std::string text;
        unsigned times = 0;  // more than were said
    };

    // Whether it is to be said; else it is counted.
    bool admit(const What& what, const std::string& text, std::int64_t now_ms);

    // Forgets what has come to the end of its window. What was counted is in the answer.
    std::vector<Folded> ended(std::int64_t now_ms);

  private:
    struct Window {
        std::int64_t since_ms = 0;
        What what{};
        unsigned times = 0;
    };

    std::map<std::string, Window> windows_;  // by text
};

}  // namespace warren::journal
