// SPDX-License-Identifier: BSD-3-Clause
// Routers, then servers, page by page.
#include "views/history_rows.h"

#include <gtest/gtest.h>

#include "unit/model/sample_state.h"
#include "unit/views/read_page.h"

namespace warren::views {
namespace {

std::vector<Json> all_rows(const model::State& state, const history::Days& days) {
    std::vector<Json> all;
    std::string cursor;
    for (;;) {
        const Json page = read_page(history_page(state, days, cursor));
        for (const Json& row : page.at("rows"))
            all.push_back(row);
        if (!page.contains("next")) return all;
        cursor = page.at("next").get<std::string>();
    }
}

TEST(HistoryRows, HaveADayEach) {
    const auto state = model::state_of(model::router("rabbit", "eth0", 51, "192.168.8.100/24") +
                                       model::service("192.168.8.100"));
    history::Days days;
    for (std::uint64_t s = 7'200; s <= 7'210; ++s)
        days.take(*state, s * 1'000'000'000);
    const std::vector<Json> rows = all_rows(*state, days);
    ASSERT_EQ(rows.size(), 1 + state->servers.size());
    EXPECT_EQ(rows[0].at("kind"), "router");
    EXPECT_EQ(rows[0].at("name"), "rabbit");
    EXPECT_EQ(rows[1].at("name"), name_of(state->servers[0]));
    EXPECT_EQ(rows[1].at("up_s"), 10);
    EXPECT_EQ(rows[1].at("hours").size(), 24U);
    EXPECT_TRUE(rows[1].at("hours").front().is_null());
    EXPECT_EQ(rows[1].at("hours").back(), 100);
    state->servers[0].presence = model::Presence::free;
    EXPECT_EQ(all_rows(*state, days).size(), state->servers.size());
}

TEST(HistoryRows, AreOfAllPages) {
    const auto state = model::state_of(model::router("rabbit", "eth0", 51, "192.168.8.100/24") +
                                       model::service("192.168.8.100"));
    const std::size_t first = state->servers.size();
    for (std::size_t i = 0; i < 500; ++i)
        state->servers.push_back(state->servers[0]);
    EXPECT_EQ(all_rows(*state, {}).size(), 501 + first);
}

}  // namespace
}  // namespace warren::views
