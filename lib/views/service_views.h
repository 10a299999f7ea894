// SPDX-License-Identifier: BSD-3-Clause
// Virtual_servers, their real_servers and the next hops to those, as rows of JSON (see views.h).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "views/pages.h"
#include "views/view_context.h"

namespace warren::views {

// "up", "blocked", "draining", "down", "maint", "standby"
std::string state_text(const model::ServerRecord& server);

// A page costs what it shows, and one walk over the servers.
std::string service_page(const ViewContext& c, std::size_t from);
std::string server_page(const ViewContext& c, std::size_t from);
std::string neighbour_page(const ViewContext& c, std::size_t from);

// What a screen shows of each server, in a few dozen bytes: thousands of them are not waited for. A
// value is that of the same name in server_rows(), but for `factors`: those below 1.
std::string short_server_page(const ViewContext& c, std::size_t from);

// All of it at once.
std::vector<Json> service_rows(const ViewContext& c);
std::vector<Json> server_rows(const ViewContext& c);
std::vector<Json> neighbour_rows(const ViewContext& c);

}  // namespace warren::views
