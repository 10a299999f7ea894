// SPDX-License-Identifier: BSD-3-Clause
// What an event is about, and how bad it is. The names are those of the log's records, too: each
// kind has a spdlog logger of its name, by which a sink knows it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace warren::journal {

enum class EventKind : std::uint8_t {
    process,
    config,
    link,
    vrrp,
    server,
    check,
    track,
    script,
    sync
};
inline constexpr std::array<std::string_view, 9> event_kinds{
    "process", "config", "link", "vrrp", "server", "check", "track", "script", "sync"};

enum class EventLevel : std::uint8_t { info, warning, error };

constexpr std::string_view name(EventKind kind) {
    return event_kinds.at(static_cast<std::size_t>(kind));
}

constexpr std::string_view name(EventLevel level) {
    constexpr std::array<std::string_view, 3> names{"info", "warning", "error"};
    return names.at(static_cast<std::size_t>(level));
}

}  // namespace warren::journal
