// SPDX-License-Identifier: BSD-3-Clause
// The parts of the page, each a function of what there is to show.
#pragma once

#include <string>
#include <vector>

#include "metrics/facts.h"
#include "metrics/pool_rows.h"
#include "verdict/verdict.h"

namespace warren::page {

// Beyond these it names how many it leaves out: a browser is no place for 4,096 rows.
inline constexpr std::size_t most_servers = 512;
inline constexpr std::size_t most_routers = 64;
inline constexpr std::size_t most_events = 50;

// The line at the top: verdict, whose page it is, since when.
std::string status_line(const metrics::Facts& facts, const metrics::Pool& pool,
                        const std::vector<verdict::Reason>& reasons);
std::string reason_section(const std::vector<verdict::Reason>& reasons);
std::string router_section(const views::ViewContext& view);
std::string service_sections(const metrics::Pool& pool);
std::string ending_section(const metrics::Pool& pool);
std::string worker_section(const views::ViewContext& view);
std::string event_section(const journal::EventLog& events);

}  // namespace warren::page
