// SPDX-License-Identifier: BSD-3-Clause
// What a monitoring system is told in one line.
#include "orders/check.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

namespace warren::ctl {
namespace {

Json status(const std::string& verdict, const Json& reasons) {
    return {{"verdict", verdict}, {"reasons", reasons}, {"masters", 1}, {"routers", 1},
            {"servers_up", 2},    {"server_count", 3},  {"flows", 412}};
}

constexpr const char* numbers = " | flows=412 servers_up=2 servers=3 masters=1 routers=1";

TEST(Check, SaysHowItIsWhereNothingIsWrong) {
    const PluginResult result = plugin_result(status("ok", Json::array()));
    EXPECT_EQ(result.status, PluginStatus::ok);
    EXPECT_EQ(result.line, std::string("WARREN OK - 2 of 3 servers up, 1 of 1 master") + numbers);
}

TEST(Check, SaysTheWorstReasonAndHowManyMore) {
    const Json one = {{{"text", "10.0.1.12:5672 is down: a|b"}}};
    const PluginResult warning = plugin_result(status("degraded", one));
    EXPECT_EQ(warning.status, PluginStatus::warning);
    EXPECT_EQ(warning.line, std::string("WARREN WARNING - 10.0.1.12:5672 is down: a/b") + numbers);
    const Json three = {{{"text", "no server"}}, {{"text", "x"}}, {{"text", "y"}}};
    const PluginResult critical = plugin_result(status("down", three));
    EXPECT_EQ(critical.status, PluginStatus::critical);
    EXPECT_EQ(critical.line, std::string("WARREN CRITICAL - no server (and 2 more)") + numbers);
}

TEST(Check, NumbersMayBeAskedFor) {
    const Json one = {{{"text", "a is down"}}};
    const Limits limits{read_limits({"flows=400", "servers_up=3:"}), read_limits({"flows=500"})};
    const PluginResult warning = plugin_result(status("ok", Json::array()), limits);
    EXPECT_EQ(warning.status, PluginStatus::warning);
    EXPECT_EQ(warning.line,
              "WARREN WARNING - flows is 412, asked for is 400 (and 1 more) | flows=412;400;500 "
              "servers_up=2;3: servers=3 masters=1 routers=1");
    const Limits strict{read_limits({"flows=400"}), read_limits({"masters=@1:9"})};
    const PluginResult critical = plugin_result(status("degraded", one), strict);
    EXPECT_EQ(critical.status, PluginStatus::critical);
    EXPECT_TRUE(
        critical.line.starts_with("WARREN CRITICAL - masters is 1, asked for is @1:9 (and "
                                  "1 more) | flows=412;400 servers_up=2 "))
        << critical.line;
    EXPECT_EQ(plugin_result(status("down", one), strict).status, PluginStatus::critical);
    EXPECT_EQ(plugin_result(status("ok", Json::array()), {read_limits({"flows=~:412"}), {}}).status,
              PluginStatus::ok);
}

TEST(Check, RangesThatAreNoneAreNamed) {
    for (const char* said : {"flows", "flows=", "flows=x", "flows=9:2", "flows=1:2:3", "bytes=1"})
        EXPECT_THROW(read_limits({said}), std::invalid_argument) << said;
    try {
        read_limits({"flow=1"});
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(error.what(), "unknown number \"flow\": did you mean \"flows\"?");
    }
}

TEST(Check, AnAnswerThatItDoesNotKnowIsUnknown) {
    EXPECT_EQ(plugin_result(Json::object()).status, PluginStatus::unknown);
}

TEST(Check, NobodyToAskIsUnknown) {
    std::ostringstream out;
    EXPECT_EQ(check("no-such-instance-of-warren", {}, out), 3);
    EXPECT_TRUE(out.str().starts_with("WARREN UNKNOWN - no warren is running")) << out.str();
}

}  // namespace
}  // namespace warren::ctl
