// SPDX-License-Identifier: BSD-3-Clause
// A day on one line.
#include "show/show_history.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

namespace warren::ctl {
namespace {

Json history_row(const char* kind, const char* name, const Json& service) {
    Json hours(23, Json());
    hours.push_back(50);
    return {{"kind", kind},  {"name", name},  {"service", service},
            {"state", "up"}, {"flips", 3},    {"known_s", 7'200},
            {"up_s", 7'199}, {"master_s", 0}, {"hours", hours}};
}

TEST(History, BlocksAreHigherTheLongerItWasUp) {
    EXPECT_EQ(hour_blocks({nullptr, 0, 50, 99, 100}), "·▁▄▇█");
    EXPECT_EQ(hour_blocks(Json::array()), "");
}

TEST(History, ALittleLostIsNotAll) {
    EXPECT_EQ(share_of_time(86'400, 86'400), "100 %");
    EXPECT_EQ(share_of_time(86'399, 86'400), "99.99 %");
    EXPECT_EQ(share_of_time(1, 2), "50.00 %");
    EXPECT_EQ(share_of_time(0, 2), "0.00 %");
    EXPECT_EQ(share_of_time(0, 0), "-");
}

TEST(History, FitsEightyColumns) {
    std::ostringstream out;
    print_history(out, {history_row("router", "rabbit", nullptr),
                        history_row("server", "192.168.8.111:5672", "192.168.8.100:5672"),
                        history_row("server", "192.168.8.112:5672", "192.168.8.100:5672")});
    EXPECT_EQ(out.str(),
              "NAME    STATE  FLIPS       UP  MASTER  24 HOURS TILL NOW\n"
              "rabbit  up         3  99.98 %  0.00 %  ·······················▄\n"
              "\n"
              "SERVICE 192.168.8.100:5672\n"
              "NAME                STATE  FLIPS       UP  24 HOURS TILL NOW\n"
              "192.168.8.111:5672  up         3  99.98 %  ·······················▄\n"
              "192.168.8.112:5672  up         3  99.98 %  ·······················▄\n");
}

TEST(History, OfSomeNames) {
    const std::vector<Json> rows{history_row("router", "rabbit", nullptr),
                                 history_row("server", "10.0.0.1:5672", "10.0.0.9:5672"),
                                 history_row("server", "10.0.0.2:5672", "10.0.0.9:5672")};
    EXPECT_EQ(history_of(rows, {}).size(), 3U);
    EXPECT_EQ(history_of(rows, {"rabbit", "10.0.0.2"}).size(), 2U);
    EXPECT_EQ(history_of(rows, {"10.0.0.1:5672"}).size(), 1U);
    EXPECT_THROW(history_of(rows, {"10.0.0"}), std::runtime_error);
}

}  // namespace
}  // namespace warren::ctl
