// SPDX-License-Identifier: BSD-3-Clause
// Rows for programs; what a mistyped word and a long text become.
#include "rows/output.h"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

#include "live/pager.h"
#include "live/watch.h"
#include "text/hints.h"

namespace warren::ctl {
namespace {

const std::vector<Json> rows{{{"server", "10.0.0.1:5672"}, {"active", 3}, {"drain", nullptr}},
                             {{"server", "a \"b\", c"}, {"node", {{"name", "x"}}}}};

std::string written(Format format, const std::vector<Json>& what = rows) {
    std::ostringstream out;
    write_rows({out, format, "lb"}, what);
    return out.str();
}

TEST(Output, JsonSaysWhatItIs) {
    const Json whole = Json::parse(written(Format::json));
    EXPECT_EQ(whole["schema"], 1);
    EXPECT_EQ(whole["instance"], "lb");
    EXPECT_TRUE(whole["time"].get<std::string>().ends_with("Z"));
    EXPECT_EQ(whole["rows"], Json(rows));
    EXPECT_EQ(Json::parse(written(Format::json, {}))["rows"], Json::array());
}

TEST(Output, JsonLinesAreARowEach) {
    EXPECT_EQ(written(Format::jsonl), rows[0].dump() + "\n" + rows[1].dump() + "\n");
    EXPECT_EQ(written(Format::jsonl, {}), "");
}

TEST(Output, CsvHasAllNamesAndQuotes) {
    EXPECT_EQ(written(Format::csv),
              "server,active,drain,node\r\n"
              "10.0.0.1:5672,3,,\r\n"
              "\"a \"\"b\"\", c\",,,\"{\"\"name\"\":\"\"x\"\"}\"\r\n");
    EXPECT_EQ(written(Format::csv, {}), "");
    std::ostringstream out;
    write_later_rows({out, Format::csv, ""}, {rows[0]});
    EXPECT_EQ(out.str(), "10.0.0.1:5672,3,\r\n") << "the titles are there already";
}

TEST(Output, NamesAreOneALine) {
    EXPECT_EQ(written(Format::name), "10.0.0.1:5672\na \"b\", c\n");
    const std::vector<Json> flows{{{"client", "10.0.0.9:1"}, {"server", "10.0.0.1:5672"}},
                                  {{"worker", 1}, {"flows", 3}},
                                  {{"server", nullptr}, {"service", "10.0.0.100:5672"}},
                                  {{"service", "10.0.0.100:5672"}, {"lb_algo", "rr"}}};
    EXPECT_EQ(written(Format::name, flows), "10.0.0.9:1\n1\n10.0.0.100:5672\n") << "each once";
    EXPECT_THROW(written(Format::name, {{{"text", "x"}}}), std::runtime_error);
}

TEST(Output, FormatsHaveNames) {
    EXPECT_EQ(format_called("jsonl"), Format::jsonl);
    EXPECT_EQ(format_called("yaml"), std::nullopt);
}

TEST(Hints, TheNearWordIsMeant) {
    EXPECT_EQ(unknown_word("view", "sevices", {"servers", "services"}),
              "unknown view \"sevices\": did you mean \"services\"?");
    EXPECT_EQ(unknown_word("view", "serv", {"status", "servers", "services"}),
              "unknown view \"serv\": did you mean \"servers\"?");
    EXPECT_EQ(unknown_word("view", "x", {"status", "servers"}),
              "unknown view \"x\": one of status, servers");
    EXPECT_EQ(unknown_word("view", "", {"status"}), "unknown view \"\": one of status");
}

TEST(Pager, OnlyWhatIsLongerThanTheScreen) {
    const ScreenSize screen{10, 4};
    EXPECT_FALSE(is_longer("1\n2\n3\n", screen));
    EXPECT_TRUE(is_longer("1\n2\n3\n4\n", screen)) << "the prompt needs a line";
    EXPECT_TRUE(is_longer("1\n2\n12345678901\n", screen)) << "a line that is wrapped is two";
    EXPECT_FALSE(is_longer("1\n2\n\033[31m1234567890\033[0m\n", screen)) << "colours take no room";
    EXPECT_FALSE(is_longer("", screen));
}

TEST(Watch, WhatHasChangedIsBold) {
    EXPECT_EQ(with_changes("", "a\nb\n"), "a\nb\n");
    EXPECT_EQ(with_changes("a\nb\n", "a\nc\nd\n"), "a\n\033[1mc\033[0m\n\033[1md\033[0m\n");
}

}  // namespace
}  // namespace warren::ctl
