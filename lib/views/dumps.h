// SPDX-License-Identifier: BSD-3-Clause
// What keepalived writes into files when a signal asks for it, as JSON of our own rows; and the
// file that is JSON there too, with keepalived 2.2.7's names (vrrp_json.c) as far as there is what
// they name. No password is in any of them.
#pragma once

#include <cstdint>
#include <string>

#include "views/pages.h"
#include "views/view_context.h"

namespace warren::views {

enum class Dump : std::uint8_t { data, stats, json };

// "keepalived.data", "keepalived.stats", "keepalived.json"
const char* file_name(Dump dump);

// `wall_ms`: now, since 1970.
std::string dump_text(Dump dump, const ViewContext& context, std::int64_t wall_ms);

// One of keepalived's objects for each virtual router.
Json keepalived_json(const ViewContext& context, std::int64_t wall_ms);

}  // namespace warren::views
