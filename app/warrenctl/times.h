// SPDX-License-Identifier: BSD-3-Clause
// Times as people write them, for --since, --until and `why … at`.
#pragma once

#include <cstdint>
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

std::int64_t wall_ms();

std::string clock_time(std::int64_t ms);  // "12:03:07", local

// "12:03:07.412" of a day that is today's, else the whole of it; `time` is as rows have it.
std::string short_time(const std::string& time, std::int64_t now_ms);

}  // namespace warren::ctl
