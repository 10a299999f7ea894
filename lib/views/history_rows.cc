// SPDX-License-Identifier: BSD-3-Clause
#include "views/history_rows.h"

#include <charconv>

#include "views/service_views.h"

namespace warren::views {
namespace {

void add_day(Json& row, const history::Day& day) {
    const history::Day::Sums sums = day.sums();
    row["flips"] = sums.flips;
    row["known_s"] = sums.known_s;
    row["up_s"] = sums.up_s;
    row["master_s"] = sums.master_s;
    Json hours = Json::array();
    for (const std::optional<unsigned>& percent : day.up_percents())
        hours.push_back(percent ? Json(*percent) : Json());
    row["hours"] = std::move(hours);
}

Json history_row(const model::RouterState& router) {
    return {{"kind", "router"},
            {"name", router.config->name},
            {"service", Json()},
            {"state", vrrp::name(router.status.state)}};
}

Json history_row(const model::State& state, const model::ServerRecord& server) {
    return {{"kind", "server"},
            {"name", name_of(server)},
            {"service", name_of(state.services[server.service])},
            {"state", state_text(server)}};
}

// Null for what has been taken out.
Json row_at(const model::State& state, const history::Days& days, std::size_t position) {
    Json row;
    if (position < state.routers.size()) {
        if (!is_served(state.routers[position])) return {};
        row = history_row(state.routers[position]);
        add_day(row, days.router(position));
        return row;
    }
    const std::size_t index = position - state.routers.size();
    if (!is_served(state.servers[index])) return {};
    row = history_row(state, state.servers[index]);
    add_day(row, days.server(index));
    return row;
}

}  // namespace

std::string history_page(const model::State& state, const history::Days& days,
                         std::string_view cursor) {
    std::size_t position = 0;
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), position);
    Page page("history");
    for (; position < state.routers.size() + state.servers.size(); ++position) {
        const Json row = row_at(state, days, position);
        if (!row.is_null() && !page.add(row)) return page.finish(std::to_string(position));
    }
    return page.finish(std::nullopt);
}

}  // namespace warren::views
