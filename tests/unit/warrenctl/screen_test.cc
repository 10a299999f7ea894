// SPDX-License-Identifier: BSD-3-Clause
#include "text/screen.h"

#include <gtest/gtest.h>

#include <sstream>

#include "rows/table.h"

namespace warren::ctl {
namespace {

TEST(Screen, CountsAndCutsCharacters) {
    EXPECT_EQ(width_of("a…é"), 3U);
    EXPECT_EQ(cut_to("abc", 3), "abc");
    EXPECT_EQ(cut_to("abcd", 3), "ab…");
    EXPECT_EQ(cut_to("äöü", 2), "ä…");
    EXPECT_EQ(cut_to("abc", 0), "");
    EXPECT_EQ(cut_front("abc", 3), "abc");
    EXPECT_EQ(cut_front("abcd", 3), "…cd");
    EXPECT_EQ(cut_front("äöü", 2), "…ü");
    EXPECT_EQ(cut_front("abc", 0), "");
}

TEST(Screen, WrapsBelowTheFirstWord) {
    EXPECT_EQ(wrapped("  state  ", "one two three", 16), "  state  one two\n         three\n");
    EXPECT_EQ(wrapped("x ", "averylongword b", 6), "x averylongword\n  b\n") << "words are whole";
    EXPECT_EQ(wrapped("x", "", 6), "x\n");
    EXPECT_EQ(wrapped("a:5672  ", "2 up  3 conn  4 refused", 28, "  "),
              "a:5672  2 up  3 conn\n        4 refused\n")
        << "what belongs together stays together";
    EXPECT_EQ(wrapped("a_very_long_name: ", "eth0, VRID 51, VRRPv3", 23),
              "a_very_long_name: eth0,\n                  VRID\n"
              "                  51,\n  VRRPv3\n")
        << "there is no room below the first word";
}

TEST(Screen, TravelsWithItsStream) {
    std::ostringstream pipe, terminal;
    set_screen(terminal, {.columns = 72, .has_colours = true});
    EXPECT_EQ(columns_of(pipe, 100), 100U);
    EXPECT_EQ(columns_of(terminal, 100), 72U);
    EXPECT_EQ(coloured(pipe, "down"), "down");
    EXPECT_EQ(coloured(terminal, "down"), "\033[31mdown\033[0m");
    EXPECT_EQ(coloured(terminal, "slow 1m"), "\033[33mslow 1m\033[0m");
    EXPECT_EQ(coloured(terminal, "up"), "up");
}

const std::vector<Column> columns{
    {"NAME", Align::left, [](const Json& r) { return r["name"].get<std::string>(); }},
    {"A", Align::right, [](const Json&) { return std::string("1,000"); }, 2},
    {"B", Align::right, [](const Json&) { return std::string("2,000"); }, 1},
    {"TEXT", Align::left, [](const Json&) { return std::string("some words"); }},
};

std::string table(std::size_t width, const std::string& name = "n") {
    std::ostringstream out;
    set_screen(out, {.columns = width});
    print_table(out, columns, {{{"name", name}}});
    return out.str();
}

TEST(Table, LeavesOutWhatMattersLeast) {
    EXPECT_EQ(table(0), "NAME      A      B  TEXT\nn     1,000  2,000  some words\n");
    EXPECT_EQ(table(30), table(0));
    EXPECT_EQ(table(29), "NAME      B  TEXT\nn     2,000  some words\n");
    EXPECT_EQ(table(20), "NAME  TEXT\nn     some words\n");
}

TEST(Table, WhatMayGoOnBelowIsNotCut) {
    const std::vector<Column> events{
        columns.front(),
        {"EVENT", Align::left, [](const Json&) { return std::string("10.0.0.1:5672 is down now"); },
         0, TooLong::wrap}};
    const auto shown = [&](std::size_t width) {
        std::ostringstream out;
        set_screen(out, {.columns = width});
        print_table(out, events, {{{"name", "n"}}});
        return out.str();
    };
    EXPECT_EQ(shown(0), "NAME  EVENT\nn     10.0.0.1:5672 is down now\n");
    EXPECT_EQ(shown(25), "NAME  EVENT\nn     10.0.0.1:5672 is\n      down now\n");
}

TEST(Table, OfAnAddressTheEndStays) {
    const std::vector<Column> flows{{"CLIENT", Align::left,
                                     [](const Json& r) { return r.value("name", ""); }, 0,
                                     TooLong::cut_front}};
    std::ostringstream out;
    set_screen(out, {.columns = 12});
    print_table(out, flows, {{{"name", "[2001:db8::c1]:4000"}}, {{"name", "10.0.0.1:1"}}});
    EXPECT_EQ(out.str(), "CLIENT\n…8::c1]:4000\n10.0.0.1:1\n");
}

TEST(Table, ThenCutsTheWidestTexts) {
    EXPECT_EQ(table(20, "a-name-that-is-long"), "NAME       TEXT\na-name-t…  some wor…\n");
}

}  // namespace
}  // namespace warren::ctl
