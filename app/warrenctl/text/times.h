// SPDX-License-Identifier: BSD-3-Clause
// Times as people write them, for --since, --until and `why … at`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace warren::ctl {

// In ms since 1970. "12:03" is a whole minute, "12:03:07" a second.
struct TimeSpan {
    std::int64_t from_ms = 0;
    std::int64_t to_ms = 0;
};

// "5m" (s, m, h, d: so long ago), "12:03", "12:03:07" (the last such time), "2026-11-28",
// "2026-11-28T12:03:07" or with a blank; all local. Throws std::invalid_argument.
TimeSpan read_time(const std::string& text, std::int64_t now_ms);

// "30s", "5m" (s, m, h, d) in ms. Throws std::invalid_argument.
std::int64_t read_duration(const std::string& text);

std::int64_t wall_ms();

std::string clock_time(std::int64_t ms);  // "12:03:07", local

std::string day_time(std::int64_t ms);  // "11-29 12:03:07", local

// Local: "12:03:07.412" if that day is today, else "2026-11-28T12:03:07.412+01:00" (RFC 3339).
std::string local_time(std::int64_t ms, std::int64_t now_ms);

// To the minute: "12:03" of today, else "2026-11-28 12:03"; local.
std::string minute_time(std::int64_t ms, std::int64_t now_ms);

std::string utc_time(std::int64_t ms);  // "2026-11-28T11:03:07.412Z"

// What utc_time wrote; nothing if it is another form.
std::optional<std::int64_t> read_utc_time(const std::string& text);

}  // namespace warren::ctl
