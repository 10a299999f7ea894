// SPDX-License-Identifier: BSD-3-Clause
// What an operator asks about afterwards: who became master and why, what failed, what was read.
// Kept in memory for `warrenctl events` and written to the log, by one call, so that the two never
// tell different stories. One record is one line, whatever it quotes, and what is said again and
// again is folded. Bounded, each kind for itself, so that a flood of one takes nothing from the
// others: the oldest of a kind go first. Only the manager's thread uses it.
#pragma once

#include <spdlog/fmt/fmt.h>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "journal/event_kind.h"
#include "journal/repeats.h"
#include "journal/subject.h"

namespace warren::journal {

struct Event {
    std::uint64_t number = 0;  // counts from 1 and never repeats
    std::int64_t wall_ms = 0;  // since 1970
    EventKind kind = EventKind::process;
    EventLevel level = EventLevel::info;
    std::string text;
    Subject about{};
};

class EventLog {
  public:
    static constexpr std::size_t capacity = 4'096;      // of each kind
    static constexpr std::size_t max_text_bytes = 400;  // the rest is cut off, in the ring only
    using Clock = std::function<std::int64_t()>;        // ms since 1970

    EventLog();  // the system's clock
    explicit EventLog(Clock clock);

    template <typename... Args>
    void info(EventKind kind, fmt::format_string<Args...> form, Args&&... args) {
        add(kind, EventLevel::info, fmt::format(form, std::forward<Args>(args)...));
    }
    template <typename... Args>
    void info(EventKind kind, const Subject& about, fmt::format_string<Args...> form,
              Args&&... args) {
        add(kind, EventLevel::info, fmt::format(form, std::forward<Args>(args)...), about);
    }
    template <typename... Args>
    void warn(EventKind kind, fmt::format_string<Args...> form, Args&&... args) {
        add(kind, EventLevel::warning, fmt::format(form, std::forward<Args>(args)...));
    }
    template <typename... Args>
    void warn(EventKind kind, const Subject& about, fmt::format_string<Args...> form,
              Args&&... args) {
        add(kind, EventLevel::warning, fmt::format(form, std::forward<Args>(args)...), about);
    }
    template <typename... Args>
    void error(EventKind kind, fmt::format_string<Args...> form, Args&&... args) {
        add(kind, EventLevel::error, fmt::format(form, std::forward<Args>(args)...));
    }
    template <typename... Args>
    void error(EventKind kind, const Subject& about, fmt::format_string<Args...> form,
               Args&&... args) {
        add(kind, EventLevel::error, fmt::format(form, std::forward<Args>(args)...), about);
    }
    void add(EventKind kind, EventLevel level, const std::string& text, const Subject& about = {});

    // Tells what was folded and has come to its end; to be called now and then.
    void log_repeats();

    std::uint64_t first() const;  // number of the oldest kept; end(): there is none
    std::uint64_t end() const { return next_; }
    const Event& at(std::uint64_t number) const;  // one that is kept
    // see(event) for each that is kept from that number on, in order, until it returns false.
    template <typename See>
    void from(std::uint64_t number, See see) const {
        Places places = places_from(number);
        while (const Event* event = next_of(places))
            if (!see(*event)) return;
    }
    // The number of the `most`th newest, or of the oldest.
    std::uint64_t newest(std::uint64_t most) const;
    std::uint64_t count(EventLevel level) const { return counts_[static_cast<std::size_t>(level)]; }

  private:
    using Ring = std::deque<Event>;
    using Rings = std::array<Ring, event_kinds.size()>;
    using Places = std::array<Ring::const_iterator, event_kinds.size()>;  // one in each

    Places places_from(std::uint64_t number) const;
    // The oldest there, which is left behind; null: there is none.
    const Event* next_of(Places& places) const;
    void keep(EventKind kind, EventLevel level, std::string text, const Subject& about);

    Clock clock_;
    Repeats repeats_;
    Rings rings_;                            // by kind
    std::array<std::uint64_t, 3> counts_{};  // by level
    std::uint64_t next_ = 1;
};

// The system's clock in ms since 1970.
std::int64_t system_ms();
// "2026-11-25 02:50:28.123", local time.
std::string wall_text(std::int64_t wall_ms);
// "2026-11-25T01:50:28.123Z" (RFC 3339): for programs.
std::string utc_text(std::int64_t wall_ms);

}  // namespace warren::journal
