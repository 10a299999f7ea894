// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl why`: what cut a client's connections, what happened to their servers and routers
// then, and where the client went next. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "history/ended_flows.h"
#include "journal/event_log.h"
#include "model/state.h"
#include "net/address.h"
#include "views/pages.h"

namespace warren::views {

// From "CLIENT[:PORT],SINCE,UNTIL[,ROW]", times in ms since 1970. Without an address `problem` says
// why.
struct WhyQuestion {
    std::optional<net::IpAddress> client;
    std::uint16_t port = 0;  // 0: any
    std::int64_t since_ms = 0, until_ms = 0;
    std::size_t row = 0;  // the page begins with
    std::string problem;
};
WhyQuestion read_why(std::string_view text);

inline constexpr std::size_t most_ends_explained = 32;  // the last ones
inline constexpr std::size_t most_events_beside = 6;    // of each, the nearest
inline constexpr std::int64_t beside_ms = 5'000;        // before and after

struct WhySources {
    const model::State& state;
    const history::EndedFlows& ended;
    const journal::EventLog& events;
};

// A row {"end": …, "events": […], "next": …} for each end, the oldest first, then one
// {"open": so many connections of that client that are open}.
std::string why_page(const WhySources& sources, std::string_view question);

}  // namespace warren::views
