// SPDX-License-Identifier: BSD-3-Clause
#include "show/show_servers.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

#include "fake_warren.h"
#include "text/screen.h"

namespace warren::ctl {
namespace {

Json server(const std::string& name) {
    return {{"service", "192.168.100.100:15672"},
            {"server", name},
            {"state", "up"},
            {"serves", true},
            {"reachable", true},
            {"weight", 3},
            {"configured_weight", 3},
            {"effective_weight", 3.0},
            {"factors", {{"handshake", 1.0}, {"memory", 1.0}, {"slow_start", 1.0}}},
            {"node", Json()},
            {"drain", Json()},
            {"check", "ok"},
            {"check_us", 420},
            {"handshake_us", 990},
            {"active", 1'234'567},
            {"to_server_bytes", 1'200'000},
            {"to_client_bytes", 90},
            {"since_ms", 130'000},
            {"reason", "check passed"}};
}

TEST(ShowServers, SaysWhatIsWorthSaying) {
    EXPECT_EQ(server_details(server("10.0.0.1:5672")), "") << "it is up since its check passed";
    Json busy = server("10.0.0.1:5672");
    busy["factors"]["memory"] = 0.62;
    busy["configured_weight"] = 5;
    EXPECT_EQ(server_details(busy),
              "  10.0.0.1:5672  weight 5 is configured; factors memory 0.62\n");
    Json leaving = server("10.0.0.1:5672");
    leaving["drain"] = {{"flows_at_first", 120}, {"flows_left", 37}, {"left_ms", 12'000}};
    leaving["reason"] = "drained by the operator";
    EXPECT_EQ(server_details(leaving),
              "  10.0.0.1:5672  drained by the operator; drains: 37 of 120 flows left, 12s to "
              "go\n");
    leaving["drain"] = {{"flows_at_first", 120}, {"flows_left", 0}, {"left_ms", 0}};
    EXPECT_EQ(server_details(leaving),
              "  10.0.0.1:5672  drained by the operator; drained: no flows left\n");
}

TEST(ShowServers, SaysNothingOfWhatIsAsItWasAtTheStart) {
    Json row = server("10.0.0.1:5672");
    row["reason"] = "start";
    EXPECT_EQ(server_details(row), "");
    row["refused"] = 3;
    EXPECT_EQ(server_details(row), "  10.0.0.1:5672  refused 3\n");
    row["state"] = "down";
    EXPECT_EQ(server_details(row), "  10.0.0.1:5672  start; refused 3\n");
}

// In an upgrade warrenctl is the newer one.
TEST(ShowServers, ReadsAWarrenThatDoesNotSayWhoServes) {
    const auto shown = [](const Json& row) {
        std::ostringstream out;
        print_servers(out, {row}, "");
        return out.str();
    };
    Json older = server("10.0.0.1:5672");
    older.erase("serves");
    EXPECT_EQ(shown(older), shown(server("10.0.0.1:5672")));
    older["state"] = "down";
    Json down = older;
    down["serves"] = false;
    EXPECT_EQ(shown(older), shown(down));
}

TEST(ShowServers, SortsByWhatIsAskedFor) {
    Json busy = server("10.0.0.1:5672"), idle = server("10.0.0.2:5672");
    busy["connections_per_s"] = 3.5;
    idle["connections_per_s"] = 0.5;
    idle["to_server_bytes_per_s"] = 900;
    const auto first = [&](const char* order) {
        std::ostringstream out;
        print_servers(out, {idle, busy}, order);
        return out.str().find("10.0.0.1") < out.str().find("10.0.0.2") ? "busy" : "idle";
    };
    EXPECT_STREQ(first("new"), "busy");
    EXPECT_STREQ(first("bytes"), "idle");
}

TEST(ShowServers, ShowsThoseThatAreNamed) {
    const auto shown = [](const std::vector<std::string>& names) {
        Json other = server("10.0.0.2:5672");
        other["service"] = "192.168.8.101:5672";
        const Json views{{"servers", Json::array({server("10.0.0.1:5672"), other})}};
        FakeWarren fake(views);
        Telemetry telemetry(fake.socket());
        std::ostringstream out;
        show_servers(telemetry, names, {}, {out, Format::name, "x"});
        return out.str();
    };
    EXPECT_EQ(shown({}), "10.0.0.1:5672\n10.0.0.2:5672\n");
    EXPECT_EQ(shown({"10.0.0.1"}), "10.0.0.1:5672\n");
    EXPECT_EQ(shown({"192.168.8.101:5672"}), "10.0.0.2:5672\n");
    EXPECT_THROW(shown({"10.0.0.3"}), std::runtime_error);
}

TEST(ShowServers, AsksAnOlderWarrenForWholeRows) {
    FakeWarren fake(
        Json{{"servers", Json::array({server("10.0.0.1:5672")})}, {"servers_short", nullptr}});
    Telemetry telemetry(fake.socket());
    EXPECT_EQ(telemetry.rows("servers_short").size(), 1U);
}

TEST(ShowServers, SaysWhatANodeSays) {
    Json row = server("10.0.0.1:5672");
    row["node"] = {{"name", "rabbit@one"},
                   {"type", "ram"},
                   {"version", "3.10.8"},
                   {"memory", {{"used", 41}, {"limit", 100}}},
                   {"alarms", {"memory", "disk"}}};
    EXPECT_EQ(server_details(row),
              "  10.0.0.1:5672  rabbit@one ram 3.10.8, memory 41.0 %, alarms memory "
              "disk\n");
}

TEST(ShowServers, FitsAHundredColumnsAndGroupsByService) {
    Json longest = server("192.168.100.111:15672");
    longest["reachable"] = false;
    longest["reason"] = std::string(70, 'r');
    longest["node"] = {{"name", std::string(255, 'n')}, {"version", "4.2.10"}};
    Json other = server("192.168.100.112:15672");
    other["service"] = "192.168.100.100:5672";
    std::ostringstream out;
    set_screen(out, {.columns = 100});
    print_servers(out, {longest, other, longest});
    std::istringstream lines(out.str());
    int services = 0;
    for (std::string line; std::getline(lines, line); services += line.rfind("SERVICE ", 0) == 0)
        EXPECT_LE(width_of(line), 100U) << line;
    EXPECT_EQ(services, 2);
}

TEST(ShowServers, KeepsTheOrderOfTheConfiguration) {
    Json first = server("10.0.0.1:5672"), second = server("10.0.0.2:5672");
    second["position"] = 1;
    first["position"] = 0;
    std::ostringstream out;
    print_servers(out, {second, first});
    EXPECT_LT(out.str().find("10.0.0.1"), out.str().find("10.0.0.2"));
}

}  // namespace
}  // namespace warren::ctl
