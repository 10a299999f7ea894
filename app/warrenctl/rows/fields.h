// SPDX-License-Identifier: BSD-3-Clause
// One field of a row of JSON as text; "-" for what is missing or null.
#pragma once

#include <cstdint>
#include <string>

#include "asking/telemetry.h"

namespace warren::ctl {

std::string text(const Json& row, const char* key);
std::string decimal(const Json& row, const char* key);
// The time that a row has there (UTC, RFC 3339) in ms since 1970; 0 if it has none.
std::int64_t time_at(const Json& row, const char* key = "time");
// When a row says that it was, as people read it (local_time in times.h).
std::string when(const Json& row);
// The items of a list, with blanks between them.
std::string joined(const Json& list);
std::string joined(const Json& row, const char* key);

template <std::string (*Format)(std::uint64_t)>
std::string number(const Json& row, const char* key) {
    const auto found = row.find(key);
    return found == row.end() || !found->is_number() ? "-" : Format(found->get<std::uint64_t>());
}

// Of a row of the view "vrrp": what is wrong with it, or what made it what it is, in short words.
std::string router_why(const Json& router);
// Of such a row: what it has only if it speaks VRRP.
std::string spoken(const Json& router, const std::string& what);

// Of a server's row: what it has of its weight now, 0 while it gets no new connections; and how
// long its last check took, if it passed.
std::string effective_weight(const Json& server);
std::string check_time(const Json& server);
// Of a server's row: there is nothing to say why it is up.
bool is_plainly_up(const Json& server);

}  // namespace warren::ctl
