// SPDX-License-Identifier: BSD-3-Clause
// What a live view is made of: rates of two looks, and keys.
#include <gtest/gtest.h>

#include <string>

#include "live/rates.h"
#include "live/top_view.h"

namespace warren::ctl {
namespace {

Json counters(const char* name, std::uint64_t connections) {
    return {{"service", "192.168.8.100:5672"},
            {"server", name},
            {"connections", connections},
            {"refused", 0},
            {"to_server_bytes", connections * 1'000},
            {"to_client_bytes", connections * 2'000}};
}

TEST(Rates, AreOfTwoLooks) {
    Rates rates;
    std::vector<Json> rows{counters("a", 10)};
    rates.take(rows, 100);
    EXPECT_TRUE(rows[0]["new_s"].is_null());
    rows = {counters("a", 40), counters("b", 5)};
    rates.take(rows, 102);
    EXPECT_EQ(rows[0]["new_s"], 15.0);
    EXPECT_EQ(rows[0]["in_s"], 15'000.0);
    EXPECT_EQ(rows[0]["refused_s"], 0.0);
    EXPECT_TRUE(rows[1]["new_s"].is_null()) << "it has just come";
    rows = {counters("a", 3)};
    rates.take(rows, 104);
    EXPECT_TRUE(rows[0]["new_s"].is_null()) << "it has begun anew";
}

TEST(TopKeys, ChangeTheView) {
    TopView view;
    take_keys(view, "\tn");
    EXPECT_EQ(view.tab, Tab::flows);
    EXPECT_EQ(view.order, Order::rate);
    take_keys(view, "jj>\x1b[B");
    EXPECT_EQ(view.scrolled, 13U);
    take_keys(view, "\x1b[A<<k");
    EXPECT_EQ(view.scrolled, 0U);
    take_keys(view, "s");
    EXPECT_EQ(view.tab, Tab::servers);
    EXPECT_FALSE(view.is_over);
    take_keys(view, "xq");
    EXPECT_TRUE(view.is_over);
}

TEST(TopKeys, TypeAFilter) {
    TopView view;
    take_keys(view, "/q8.1x\x7f\x1b[A\r");
    EXPECT_EQ(view.filter, "q8.1");
    EXPECT_FALSE(view.is_typing);
    EXPECT_FALSE(view.is_over) << "a q that is typed is none";
    take_keys(view, "\x1b");
    EXPECT_EQ(view.filter, "");
    take_keys(view, "/" + std::string(1'000, 'x'));
    EXPECT_LE(view.filter.size(), 64U);
}

}  // namespace
}  // namespace warren::ctl
