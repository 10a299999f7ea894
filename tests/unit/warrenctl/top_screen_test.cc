// SPDX-License-Identifier: BSD-3-Clause
// A screen of top: lines that fit any terminal.
#include "live/top_screen.h"

#include <gtest/gtest.h>

#include <string>

#include "text/screen.h"

namespace warren::ctl {
namespace {

Json server_with(const char* name, std::uint64_t connections, std::uint64_t active) {
    return {{"service", "192.168.8.100:5672"},
            {"server", name},
            {"state", "up"},
            {"serves", true},
            {"since_ms", 183'000},
            {"weight", 2},
            {"effective_weight", 1.1},
            {"active", active},
            {"connections", connections},
            {"refused", 0},
            {"check", "ok"},
            {"check_us", 812},
            {"handshake_us", 95},
            {"to_server_bytes", connections * 1'000},
            {"to_client_bytes", connections * 2'000},
            {"reason", "its check passes"}};
}

TopData sample() {
    TopData data;
    data.time = "12:03:07";
    data.status = {{"instance", "lb-a"},
                   {"version", "0.1.0"},
                   {"uptime_ms", 100'000'000},
                   {"verdict", "degraded"},
                   {"flows", 412},
                   {"reasons",
                    {{{"level", "degraded"},
                      {"text", "192.168.8.12:5672 is down: connection refused by whoever is there"},
                      {"look", "warrenctl show servers"}}}}};
    data.routers = {{{"name", "rabbit"},
                     {"state", "master"},
                     {"since_ms", 100'000'000},
                     {"effective_priority", 100},
                     {"master", "192.168.8.4"},
                     {"reason", "master_down"}}};
    data.services = {{{"service", "192.168.8.100:5672"},
                      {"lb_algo", "wlc"},
                      {"lb_kind", "FNAT"},
                      {"servers_up", 1},
                      {"server_count", 2},
                      {"active", 412}}};
    data.servers = {server_with("192.168.8.11:5672", 10, 12),
                    server_with("192.168.8.12:5672", 30, 400)};
    data.servers[1]["state"] = "down";
    data.flows = {{{"client", "10.0.0.9:4000"}, {"state", "established"}, {"idle_ms", 5}}};
    data.events = {{{"time", "2026-11-29T12:00:00.000Z"}, {"level", "info"}, {"text", "first"}},
                   {{"time", "2026-11-29T12:00:01.000Z"}, {"level", "error"}, {"text", "second"}}};
    return data;
}

std::string all_of(const std::vector<ScreenLine>& lines) {
    std::string all;
    for (const ScreenLine& line : lines)
        all += line.text + '\n';
    return all;
}

std::size_t place_of(const std::string& text, const std::string& what) {
    const std::size_t place = text.find(what);
    EXPECT_NE(place, std::string::npos) << what << " is not in\n" << text;
    return place;
}

TEST(TopScreen, FitsEachTerminal) {
    for (const std::size_t columns : {0, 1, 20, 80, 100, 120, 200})
        for (const std::size_t rows : {1, 2, 5, 24, 40})
            for (const Tab tab : {Tab::servers, Tab::flows, Tab::events}) {
                TopView view;
                view.tab = tab;
                view.scrolled = 7;
                const auto lines = top_screen(sample(), view, {columns, rows});
                EXPECT_EQ(lines.size(), rows);
                for (const ScreenLine& line : lines)
                    EXPECT_LE(width_of(line.text), columns) << line.text;
            }
}

TEST(TopScreen, WhyIsSaidOnlyWhereThereIsSomethingToSay) {
    TopData data = sample();
    for (Json& server : data.servers)
        server["reason"] = "start";
    const std::string text = all_of(top_screen(data, {}, {80, 24}));
    EXPECT_NE(
        text.find("192.168.8.12:5672  down   3m3s   1.1/2   400      -      -  812 us  start\n"),
        std::string::npos)
        << text;
    EXPECT_NE(text.find("192.168.8.11:5672  up     3m3s   1.1/2    12      -      -  812 us\n"),
              std::string::npos)
        << text;
}

TEST(TopScreen, AtEightyColumns) {
    const std::string text = all_of(top_screen(sample(), {}, {80, 24}));
    EXPECT_EQ(text.substr(0, text.find("\n\n") + 1),
              "lb-a  warren 0.1.0  up 1d3h                                   DEGRADED  12:03:07\n"
              " ! 192.168.8.12:5672 is down: connection refused by whoever is there -> warrenc…\n"
              "ROUTER  STATE    FOR  PRIORITY  MASTER       WHY\n"
              "rabbit  master  1d3h       100  192.168.8.4  peer silent\n"
              "[servers]  flows   events   412 conn  0.0 new/s  0 B/s in  0 B/s out\n"
              "  SERVER             STATE   FOR  CONN  NEW/S  REF/S   CHECK  WHY\n"
              "192.168.8.100:5672  wlc FNAT  1/2 up  412 conn\n"
              "  192.168.8.12:5672  down   3m3s   400      -      -  812 us  its check passes\n"
              "  192.168.8.11:5672  up     3m3s    12      -      -  812 us  its check passes\n");
    EXPECT_TRUE(
        text.ends_with("q quit  Tab view  by connections: c n r b  / filter  j k < > scroll\n"));
}

TEST(TopScreen, WiderOnesShowMore) {
    const auto titles = [](std::size_t columns) {
        return top_screen(sample(), {}, {columns, 24})[5].text;
    };
    EXPECT_EQ(titles(80).find("IN/S"), std::string::npos);
    EXPECT_NE(titles(100).find("IN/S"), std::string::npos);
    EXPECT_EQ(titles(100).find("HANDSHAKE"), std::string::npos);
    EXPECT_NE(titles(120).find("HANDSHAKE"), std::string::npos);
}

// As in status: what it would have of its weight, and what a check took that failed, mislead.
TEST(TopScreen, WhoIsDownHasNoWeightAndNoTimeOfACheck) {
    TopData data = sample();
    data.servers[1]["serves"] = false;
    data.servers[1]["check"] = "Connection refused";
    const std::string text = all_of(top_screen(data, {}, {120, 24}));
    EXPECT_NE(text.find("192.168.8.12:5672  down   3m3s     0/2   400      -      -       -"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("192.168.8.11:5672  up     3m3s   1.1/2    12      -      -  812 us"),
              std::string::npos)
        << text;
}

TEST(TopScreen, OfLongNamesColumnsGoAndEndsOfAddressesStay) {
    TopData data = sample();
    const std::string host = "[2001:db8:1234:5678:9abc:def0:1234:";
    for (Json& server : data.servers)
        server["server"] = host + "1111]:15672";
    for (Json& flow : data.flows) {
        flow["client"] = host + "c1]:40000";
        flow["service"] = flow["local"] = flow["server"] = host + "1112]:15672";
    }
    std::string text = all_of(top_screen(data, {}, {80, 24}));
    EXPECT_NE(text.find("1111]:15672  down   3m3s   400\n"), std::string::npos) << text;
    TopView view;
    view.tab = Tab::flows;
    text = all_of(top_screen(data, view, {80, 24}));
    EXPECT_NE(text.find(":c1]:40000  …"), std::string::npos) << text;
    EXPECT_NE(text.find(":1112]:15672\n"), std::string::npos) << text;
}

TEST(TopScreen, SortsAndFilters) {
    TopData data = sample();
    data.servers[0]["new_s"] = 9.0;
    data.servers[1]["new_s"] = 1.0;
    TopView view;
    view.order = Order::rate;
    std::string text = all_of(top_screen(data, view, {80, 24}));
    EXPECT_LT(place_of(text, "  192.168.8.11:5672"), place_of(text, "  192.168.8.12:5672"));
    view.filter = "8.12";
    text = all_of(top_screen(data, view, {80, 24}));
    EXPECT_EQ(text.find("  192.168.8.11:5672"), std::string::npos);
    view.filter = "nothing has this";
    EXPECT_EQ(top_screen(data, view, {80, 24}).size(), 24U);
}

TEST(TopScreen, TheNewestEventIsOnTop) {
    TopView view;
    view.tab = Tab::events;
    const std::string text = all_of(top_screen(sample(), view, {80, 24}));
    EXPECT_LT(place_of(text, "second"), place_of(text, "first"));
}

TEST(TopScreen, WhatIsWrongHasAToneAndAWord) {
    const auto lines = top_screen(sample(), {}, {80, 24});
    EXPECT_EQ(lines[0].tone, Tone::warning);
    EXPECT_EQ(lines[7].tone, Tone::error);
    EXPECT_NE(lines[7].text.find("down"), std::string::npos);
    EXPECT_EQ(lines[8].tone, Tone::plain);
}

TEST(TopScreen, ScrollsToTheLastRowAndNoFurther) {
    TopData data = sample();
    data.services.clear();
    data.servers.clear();
    for (int i = 0; i < 200; ++i)
        data.servers.push_back(server_with(("server-" + std::to_string(i) + "-").c_str(), 1, 1));
    TopView view;
    view.scrolled = 100'000;
    const auto lines = top_screen(data, view, {80, 24});
    EXPECT_NE(lines[22].text.find("server-199-"), std::string::npos) << lines[22].text;
    EXPECT_NE(lines[6].text.find("server-"), std::string::npos) << lines[6].text;
}

TEST(TopScreen, AnEndlessOneHasAll) {
    TopData data = sample();
    data.status["reasons"] = Json::array();
    for (int i = 0; i < 30; ++i)
        data.status["reasons"].push_back({{"text", "reason " + std::to_string(i) + "."}});
    const std::string text = all_of(top_screen(data, {}, {}));
    place_of(text, "reason 29.");
    place_of(text, "HANDSHAKE");
    EXPECT_EQ(text.find("…"), std::string::npos);
    EXPECT_EQ(text.find("q quit"), std::string::npos);
}

}  // namespace
}  // namespace warren::ctl
