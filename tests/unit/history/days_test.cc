// SPDX-License-Identifier: BSD-3-Clause
// What is kept of a day: hours go as they came, gaps are not known, an index that is another's
// begins anew.
#include "history/days.h"

#include <gtest/gtest.h>

#include "unit/model/sample_state.h"

namespace warren::history {
namespace {

constexpr std::uint64_t hour_s = Day::slot_s;
constexpr std::uint64_t second_ns = 1'000'000'000;

// Once a second from one time to another.
void stand(Day& day, const Day::Sample& sample, std::uint64_t from_s, std::uint64_t to_s) {
    for (std::uint64_t s = from_s; s <= to_s; ++s)
        day.take(sample, s);
}

TEST(Day, NothingIsKnownAtFirst) {
    const Day day;
    EXPECT_EQ(day.sums().known_s, 0U);
    for (const auto& percent : day.up_percents())
        EXPECT_FALSE(percent);
}

TEST(Day, CountsTimeAndFlips) {
    Day day;
    stand(day, {.is_up = true, .is_master = true, .standing = 1}, 10 * hour_s, 10 * hour_s + 900);
    stand(day, {.is_up = false, .standing = 2}, 10 * hour_s + 901, 10 * hour_s + 1'200);
    stand(day, {.is_up = true, .standing = 3}, 10 * hour_s + 1'201, 10 * hour_s + 3'599);
    EXPECT_EQ(day.sums().known_s, 3'599U);
    EXPECT_EQ(day.sums().up_s, 3'299U);
    EXPECT_EQ(day.sums().master_s, 900U);
    EXPECT_EQ(day.sums().flips, 2U);
    EXPECT_EQ(day.up_percents().back(), 91U);
    EXPECT_FALSE(day.up_percents()[Day::hours - 2]);
}

TEST(Day, ABeginningIsNoFlip) {
    Day day;
    day.take({.standing = 0}, 100);
    day.take({.standing = 7}, 101);
    EXPECT_EQ(day.sums().flips, 0U);
    day.take({.standing = 8}, 102);
    EXPECT_EQ(day.sums().flips, 1U);
}

TEST(Day, OldHoursGo) {
    Day day;
    stand(day, {.is_up = false, .standing = 1}, hour_s, 2 * hour_s - 1);
    stand(day, {.is_up = true, .standing = 2}, 2 * hour_s, 3 * hour_s);
    EXPECT_EQ(day.up_percents()[Day::hours - 3], 0U);
    EXPECT_EQ(day.up_percents()[Day::hours - 2], 100U);
    day.take({.is_up = true, .standing = 2}, 25 * hour_s);  // the hour of the outage is a day old
    EXPECT_EQ(day.up_percents().front(), 100U);
    EXPECT_EQ(day.sums().flips, 1U);
    day.take({.is_up = true, .standing = 2}, 80 * hour_s);
    EXPECT_EQ(day.sums().known_s, hour_s) << "a pause is not more than an hour";
    EXPECT_EQ(day.sums().flips, 0U);
}

TEST(Days, FollowsRoutersAndServers) {
    const auto state = model::state_of(model::router("rabbit", "eth0", 51, "192.168.8.100/24") +
                                       model::service("192.168.8.100"));
    Days days;
    state->routers[0].status.state = vrrp::State::master;
    state->routers[0].status.since_ns = 5;
    days.take(*state, 100 * second_ns);
    state->routers[0].status.state = vrrp::State::fault;
    state->routers[0].status.since_ns = 6;
    note_change(state->servers[1], "ordered", 7);
    days.take(*state, 101 * second_ns);
    EXPECT_EQ(days.router(0).sums().flips, 1U);
    EXPECT_EQ(days.router(0).sums().up_s, 0U);
    EXPECT_EQ(days.server(0).sums().up_s, 1U);
    EXPECT_EQ(days.server(0).sums().flips, 0U);
    EXPECT_EQ(days.server(1).sums().flips, 1U);
    days.begin_server(0);
    days.begin_router(0);
    EXPECT_EQ(days.server(0).sums().known_s, 0U);
    EXPECT_EQ(days.router(0).sums().known_s, 0U);
    EXPECT_EQ(days.server(60'000).sums().known_s, 0U);
}

}  // namespace
}  // namespace warren::history
