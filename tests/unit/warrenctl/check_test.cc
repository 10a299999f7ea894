// SPDX-License-Identifier: BSD-3-Clause
// What a monitoring system is told in one line.
#include "check.h"

#include <gtest/gtest.h>

#include <sstream>

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

TEST(Check, AnAnswerThatItDoesNotKnowIsUnknown) {
    EXPECT_EQ(plugin_result(Json::object()).status, PluginStatus::unknown);
}

TEST(Check, NobodyToAskIsUnknown) {
    std::ostringstream out;
    EXPECT_EQ(check("no-such-instance-of-warren", out), 3);
    EXPECT_TRUE(out.str().starts_with("WARREN UNKNOWN - no warren is running")) << out.str();
}

}  // namespace
}  // namespace warren::ctl
