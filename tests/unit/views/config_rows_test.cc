// SPDX-License-Identifier: BSD-3-Clause
// The configuration that runs, as pages.
#include "views/config_rows.h"

#include <gtest/gtest.h>

#include <memory>

#include "unit/views/read_page.h"
#include "views/pages.h"

namespace warren::views {
namespace {

std::vector<syntax::TextLine> lines(std::size_t count) {
    const auto file = std::make_shared<const std::string>("warren.conf");
    std::vector<syntax::TextLine> all;
    for (std::size_t i = 0; i < count; ++i)
        all.push_back({"    priority 100", {file, static_cast<unsigned>(i + 1)}});
    return all;
}

TEST(ConfigRows, HaveTheirOrigin) {
    const Json page = read_page(config_page(lines(1), {}, ""));
    EXPECT_EQ(page["rows"], Json::parse(R"([{"text": "    priority 100",
                                            "file": "warren.conf", "line": 1}])"));
    EXPECT_FALSE(page.contains("next"));
}

TEST(ConfigRows, GoOnWhereAPageEnds) {
    constexpr std::size_t count = 1'000;
    std::size_t seen = 0;
    std::string cursor;
    do {
        const Json page = read_page(config_page(lines(count), {}, cursor));
        for (const Json& row : page["rows"])
            EXPECT_EQ(row["line"], ++seen);
        cursor = page.value("next", "");
    } while (!cursor.empty());
    EXPECT_EQ(seen, count);
}

TEST(ConfigRows, BlocksHaveWhatTheyLeaveOut) {
    const auto file = std::make_shared<const std::string>("warren.conf");
    config::Config config;
    config.virtual_servers.resize(1);
    config.virtual_servers[0].where = {file, 1};
    config.virtual_servers[0].lb_algo = config::LbAlgo::rr;
    config.virtual_servers[0].real_servers.resize(1);
    config.virtual_servers[0].real_servers[0].where = {file, 3};
    const std::vector<syntax::TextLine> text{{"virtual_server 10.0.0.100 5672 {", {file, 1}},
                                             {"    lb_algo rr", {file, 2}},
                                             {"    real_server 10.0.0.1 5672 {", {file, 3}},
                                             {"        quorum 7", {file, 4}},
                                             {"    }", {file, 3}},
                                             {"}", {file, 1}}};
    const Json rows = read_page(config_page(text, config, "defaults"))["rows"];
    EXPECT_EQ(rows[0]["defaults"],
              Json::parse(R"(["lb_kind NAT", "protocol TCP", "delay_loop 0.2", "connect_timeout 5",
                              "quorum 1", "hysteresis 0", "establish_timeout 7440"])"));
    EXPECT_EQ(rows[2]["defaults"], Json::parse(R"(["weight 1"])"));
    EXPECT_FALSE(rows[1].contains("defaults"));
    EXPECT_FALSE(read_page(config_page(text, config, ""))["rows"][0].contains("defaults"));
    EXPECT_EQ(read_page(config_page(text, config, "defaults4"))["rows"].size(), 2U);
}

TEST(ConfigRows, EndWhateverTheCursor) {
    EXPECT_TRUE(read_page(config_page(lines(3), {}, "7"))["rows"].empty());
    EXPECT_EQ(read_page(config_page(lines(3), {}, "x"))["rows"].size(), 3U);
}

// "…: another lb_kind would strand its 6 connections: take it out and rel; the running …"
TEST(ConfigRows, OfARefusalAreWhole) {
    const std::string refusal =
        "/etc/warren/warren.conf:21: real_server [2001:db8:ffff:ffff:ffff:ffff:ffff:1011]:5672: "
        "another lb_kind would strand its 6 connections: take it out and reload, which resets "
        "them, then put it back";
    EXPECT_EQ(reload_rows({{}, {}, refusal}, false)[0]["outcome"],
              refusal + "; the running configuration stays");
    const std::vector<std::string> steps(100, std::string(500, 's'));
    std::size_t bytes = 0;
    for (const Json& row : reload_rows({steps, steps, std::string(5'000, 'r')}, false))
        bytes += row.dump().size() + 1;
    EXPECT_LT(bytes, max_page_bytes) << "of one page";
}

TEST(ConfigRows, WarningsComeBeforeWhatIsDone) {
    const std::vector<std::string> none;
    const std::vector<Json> rows = reload_rows({none, {"warren.conf:8: warning: w"}, ""}, false);
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0]["warning"], "warren.conf:8: warning: w");
    EXPECT_EQ(rows[1]["outcome"], "nothing changes");
}

}  // namespace
}  // namespace warren::views
