// SPDX-License-Identifier: BSD-3-Clause
// What terminals of some widths show of rows that a warren has once given (screens/rows.json).
// After a wanted change: WARREN_WRITE_SCREENS=1 build/tests/unit/warrenctl/warrenctl_test, and look
// at the difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>

#include "fake_warren.h"
#include "show/show.h"
#include "text/screen.h"

namespace warren::ctl {
namespace {

const std::string folder = WARREN_SCREENS;

std::string read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Of a day that is never today, in no zone.
Json recorded() {
    setenv("TZ", "UTC", 1);
    tzset();
    return Json::parse(read(folder + "/rows.json"));
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size())
        text.replace(at, what.size(), by);
    return text;
}

// As long as addresses get.
Json with_ipv6(const Json& views) {
    std::string text = views.dump();
    for (const char* host : {"11", "12", "13", "100", "50", "4", "5"}) {
        const std::string v4 = std::string("192.168.8.") + host;
        const std::string v6 = std::string("2001:db8:1234:5678:9abc:def0:1234:1") + host;
        text = replaced(text, v4 + ":", "[" + v6 + "]:");
        text = replaced(text, v4 + "\"", v6 + "\"");
        text = replaced(text, v4 + "/", v6 + "/");
    }
    return Json::parse(text);
}

Json with_servers(Json views, std::size_t count) {
    const Json like = views["servers"].front();
    views["servers"] = Json::array();
    for (std::size_t i = 0; i < count; ++i) {
        views["servers"].push_back(like);
        views["servers"].back()["server"] = "192.168.8." + std::to_string(10 + i) + ":5672";
        views["servers"].back()["position"] = i;
    }
    return views;
}

std::string shown(const Json& views, const std::string& view, const Screen& screen) {
    FakeWarren warren(views);
    Telemetry telemetry(warren.socket());
    std::ostringstream out;
    set_screen(out, screen);
    show(telemetry, view, {}, {out});
    return out.str();
}

std::string all_shown(const Json& views, const Screen& screen) {
    std::string all;
    for (const std::string& view : view_names())
        if (view != "config")
            all += "$ warrenctl show " + view + "\n" + shown(views, view, screen) + "\n";
    return all;
}

// As long as names of routers get.
Json with_long_names(const Json& views) {
    const std::string name =
        "\"rabbitmq_production_cluster_of_the_second_datacentre_in_the_north_east\"";
    return Json::parse(replaced(with_ipv6(views).dump(), "\"rabbit\"", name));
}

class Widths : public testing::TestWithParam<std::size_t> {};

// 0: a pipe.
INSTANTIATE_TEST_SUITE_P(OfTerminalsAndAPipe, Widths, testing::Values(80U, 100U, 120U, 200U, 0U));
class TerminalWidths : public Widths {};
INSTANTIATE_TEST_SUITE_P(OfTerminals, TerminalWidths, testing::Values(80U, 100U, 120U, 200U));

TEST_P(Widths, AsWrittenDown) {
    const std::string path = folder + "/" + std::to_string(GetParam()) + ".txt";
    const std::string said = all_shown(recorded(), {.columns = GetParam()});
    if (std::getenv("WARREN_WRITE_SCREENS") != nullptr) std::ofstream(path) << said;
    EXPECT_EQ(said, read(path));
}

TEST_P(TerminalWidths, NoLineIsWider) {
    const Json rows = recorded();
    for (const Json& views : {rows, with_ipv6(rows), with_long_names(rows), with_servers(rows, 0),
                              with_servers(rows, 64)}) {
        std::istringstream lines(all_shown(views, {.columns = GetParam()}));
        for (std::string line; std::getline(lines, line);)
            EXPECT_LE(width_of(line), GetParam()) << line;
    }
}

TEST(Screens, AreTheSameWithoutTheirColours) {
    const Json rows = recorded();
    const std::string plain = all_shown(rows, {.columns = 100});
    std::string coloured = all_shown(rows, {.columns = 100, .has_colours = true});
    EXPECT_NE(plain, coloured) << "something is down";
    for (const char* code : {"\033[31m", "\033[33m", "\033[0m"})
        coloured = replaced(coloured, code, "");
    EXPECT_EQ(plain, coloured);
}

// Of sixty-four servers one is down; whoever looks wants to see that one, and the rest of the
// screen.
TEST(Screens, StatusOfManyServersLeavesOutThoseThatServe) {
    Json views = with_servers(recorded(), 64);
    for (Json& server : views["servers"]) {
        server["state"] = "up";
        server["reachable"] = true;
        server["refused_10s"] = 0;
    }
    views["servers"][40]["state"] = "down";
    const std::string said = shown(views, "status", {.columns = 100});
    EXPECT_LE(std::count(said.begin(), said.end(), '\n'), 40) << said;
    EXPECT_NE(said.find("192.168.8.50:5672"), std::string::npos) << said;
    EXPECT_NE(said.find("192.168.8.20:5672"), std::string::npos)
        << "the first eleven of the others";
    EXPECT_EQ(said.find("192.168.8.21:5672"), std::string::npos) << said;
    EXPECT_NE(said.find("  and 52 more -> warrenctl show servers\n"), std::string::npos) << said;
    EXPECT_NE(shown(views, "servers", {.columns = 100}).find("192.168.8.73:5672"),
              std::string::npos);
}

TEST(Screens, ABackupThatIsWellStandsBy) {
    Json views = recorded();
    views["status"][0]["verdict"] = "ok";
    EXPECT_NE(shown(views, "status", {.columns = 100}).find(" OK\n"), std::string::npos);
    views["status"][0]["masters"] = 0;
    EXPECT_NE(shown(views, "status", {.columns = 100}).find(" STANDBY\n"), std::string::npos);
    views["status"][0]["verdict"] = "degraded";
    EXPECT_NE(shown(views, "status", {.columns = 100}).find(" DEGRADED\n"), std::string::npos);
}

// A backup is the one that stands by; who is in fault, or begins, knows of nobody.
TEST(Screens, WhoStandsBy) {
    Json views = recorded();
    views["sync"] = {{{"peer", "192.168.8.5"}, {"up", true}},
                     {{"router", "rabbit"}, {"role", "receiving"}, {"in_sync", false}}};
    Json& router = views["vrrp"][0];
    const auto standby = [&](const char* state) {
        router["state"] = state;
        return shown(views, "status", {});
    };
    EXPECT_NE(standby("master").find("  192.168.8.5 NOT FOLLOWING  "), std::string::npos);
    EXPECT_NE(standby("backup").find("  this one NOT FOLLOWING  "), std::string::npos);
    EXPECT_NE(standby("fault").find("  -        "), std::string::npos) << standby("fault");
    views["sync"][1]["in_sync"] = true;
    EXPECT_NE(standby("master").find("  192.168.8.5  "), std::string::npos);
    EXPECT_EQ(standby("backup").find("NOT FOLLOWING"), std::string::npos);
}

TEST(Screens, WhatToDoStandsBelowItsReason) {
    Json views = recorded();
    views["status"][0]["reasons"] = {{{"text", "flow sync: no peer answers"}, {"look", "a"}},
                                     {{"text", "B"}, {"look", "b"}}};
    views["status"][0]["alarms"] = {{{"name", "sync_down"},
                                     {"text", "no peer answers"},
                                     {"remedy", "is it running?"},
                                     {"since_ms", 2000}}};
    EXPECT_NE(shown(views, "status", {})
                  .find(" ! flow sync: no peer answers -> a\n   sync_down for 2s: is it running?\n"
                        " ! B -> b\n\n"),
              std::string::npos)
        << shown(views, "status", {});
}

TEST(Screens, NobodyStandsByForTheHostsOwnAddress) {
    Json views = recorded();
    views["vrrp"][0]["static"] = false;
    EXPECT_EQ(shown(views, "status", {}).find("  none "), std::string::npos);
    views["vrrp"][0]["static"] = true;
    EXPECT_NE(shown(views, "status", {}).find("  none "), std::string::npos);
}

TEST(Screens, OfAPipeAreWhole) {
    const std::string said = all_shown(with_ipv6(recorded()), {});
    EXPECT_EQ(said.find("…"), std::string::npos);
    EXPECT_NE(said.find("[2001:db8:1234:5678:9abc:def0:1234:111]:5672"), std::string::npos);
}

}  // namespace
}  // namespace warren::ctl
