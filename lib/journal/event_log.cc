// SPDX-License-Identifier: BSD-3-Clause
#include "journal/event_log.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <ctime>

namespace warren::journal {
namespace {

spdlog::level::level_enum log_level(EventLevel level) {
    return level == EventLevel::error     ? spdlog::level::err
           : level == EventLevel::warning ? spdlog::level::warn
                                          : spdlog::level::info;
}

const Subject*& being_logged() {
    static thread_local const Subject* subject = nullptr;
    return subject;
}

// By the logger of its kind, if somebody has made loggers by kind.
void log(EventKind kind, EventLevel level, const std::string& text, const Subject& about) {
    being_logged() = &about;
    const auto own = spdlog::get(std::string(name(kind)));
    (own ? *own : *spdlog::default_logger_raw()).log(log_level(level), text);
    being_logged() = nullptr;
}

// What came of a reload is the answer to whoever asked for it, however often.
bool is_answer(EventKind kind) {
    return kind == EventKind::config;
}

// A broker's reason or a script's name may contain anything; a record is one line, and tells a
// terminal nothing.
std::string one_line(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
    return text;
}

// To the millisecond; `part` is localtime_r or gmtime_r.
std::string calendar_text(std::int64_t wall_ms, std::tm* (*part)(const std::time_t*, std::tm*),
                          char between) {
    const auto seconds = static_cast<std::time_t>(wall_ms / 1'000);
    std::tm parts{};
    part(&seconds, &parts);
    std::array<char, 16> day{}, time{};
    std::strftime(day.data(), day.size(), "%F", &parts);
    std::strftime(time.data(), time.size(), "%T", &parts);
    return fmt::format("{}{}{}.{:03}", day.data(), between, time.data(), wall_ms % 1'000);
}

}  // namespace

const Subject* logged_subject() {
    return being_logged();
}

EventLog::EventLog() : EventLog(system_ms) {}

EventLog::EventLog(Clock clock) : clock_(std::move(clock)) {}

void EventLog::add(EventKind kind, EventLevel level, const std::string& text,
                   const Subject& about) {
    log_repeats();
    std::string said = one_line(text);
    if (is_answer(kind) || repeats_.admit({kind, level, about}, said, clock_()))
        keep(kind, level, std::move(said), about);
}

void EventLog::log_repeats() {
    for (const Repeats::Folded& repeat : repeats_.ended(clock_()))
        keep(repeat.what.kind, repeat.what.level,
             fmt::format("{} ({} times more in {} s)", repeat.text, repeat.times,
                         Repeats::window_ms / 1'000),
             repeat.what.about);
}

void EventLog::keep(EventKind kind, EventLevel level, std::string text, const Subject& about) {
    log(kind, level, text, about);
    if (text.size() > max_text_bytes) text = text.substr(0, max_text_bytes) + "...";
    Ring& ring = rings_[static_cast<std::size_t>(kind)];
    if (ring.size() == capacity) ring.pop_front();
    ring.push_back({next_, clock_(), kind, level, std::move(text), about});
    ++next_;
    ++counts_[static_cast<std::size_t>(level)];
}

EventLog::Places EventLog::places_from(std::uint64_t number) const {
    Places places{};
    for (std::size_t kind = 0; kind < rings_.size(); ++kind)
        places[kind] = std::lower_bound(
            rings_[kind].begin(), rings_[kind].end(), number,
            [](const Event& event, std::uint64_t wanted) { return event.number < wanted; });
    return places;
}

const Event* EventLog::next_of(Places& places) const {
    Ring::const_iterator* oldest = nullptr;
    for (std::size_t kind = 0; kind < rings_.size(); ++kind)
        if (places[kind] != rings_[kind].end() &&
            (oldest == nullptr || places[kind]->number < (*oldest)->number))
            oldest = &places[kind];
    return oldest == nullptr ? nullptr : &*(*oldest)++;
}

std::uint64_t EventLog::first() const {
    Places places = places_from(0);
    const Event* oldest = next_of(places);
    return oldest == nullptr ? next_ : oldest->number;
}

const Event& EventLog::at(std::uint64_t number) const {
    Places places = places_from(number);
    const Event* event = next_of(places);
    assert(event != nullptr && event->number == number);
    return *event;
}

std::uint64_t EventLog::newest(std::uint64_t most) const {
    std::uint64_t kept = 0;
    for (const Ring& ring : rings_)
        kept += ring.size();
    std::uint64_t found = next_;
    from(0, [&](const Event& event) {
        found = event.number;
        return kept-- > most;
    });
    return most == 0 ? next_ : found;
}

std::int64_t system_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string wall_text(std::int64_t wall_ms) {
    return calendar_text(wall_ms, localtime_r, ' ');
}

std::string utc_text(std::int64_t wall_ms) {
    return calendar_text(wall_ms, gmtime_r, 'T') + 'Z';
}

}  // namespace warren::journal
