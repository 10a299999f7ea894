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

}  // namespace

std::string_view name(EventKind kind) {
    constexpr std::array<std::string_view, 9> names{"process", "config", "link",   "vrrp", "server",
                                                    "check",   "track",  "script", "sync"};
    return names.at(static_cast<std::size_t>(kind));
}

std::string_view name(EventLevel level) {
    constexpr std::array<std::string_view, 3> names{"info", "warning", "error"};
    return names.at(static_cast<std::size_t>(level));
}

EventLog::EventLog() : EventLog(system_ms) {}

EventLog::EventLog(Clock clock) : clock_(std::move(clock)) {}

void EventLog::add(EventKind kind, EventLevel level, std::string text) {
    spdlog::log(log_level(level), "{}", text);
    if (text.size() > max_text_bytes) text = text.substr(0, max_text_bytes) + "...";
    Event event{next_, clock_(), kind, level, std::move(text)};
    if (ring_.size() < capacity)
        ring_.push_back(std::move(event));
    else
        ring_[(next_ - 1) % capacity] = std::move(event);
    ++next_;
}

std::uint64_t EventLog::first() const {
    return next_ - ring_.size();
}

const Event& EventLog::at(std::uint64_t number) const {
    assert(number >= first() && number < next_);
    return ring_[(number - 1) % capacity];
}

std::int64_t system_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string wall_text(std::int64_t wall_ms) {
    const auto seconds = static_cast<std::time_t>(wall_ms / 1'000);
    std::tm local{};
    localtime_r(&seconds, &local);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
    return fmt::format("{}.{:03}", std::string_view(text.data(), size), wall_ms % 1'000);
}

}  // namespace warren::journal
