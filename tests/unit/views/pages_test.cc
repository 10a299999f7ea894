// SPDX-License-Identifier: BSD-3-Clause
// Rows -> pages within telemetry's limits: one string of 8,192 bytes, 16,384 bytes escaped.
#include "views/pages.h"

#include <gtest/gtest.h>

#include "unit/views/read_page.h"

namespace warren::views {
namespace {

std::vector<Json> rows_of(std::size_t count, const std::string& text) {
    std::vector<Json> rows;
    for (std::size_t i = 0; i < count; ++i)
        rows.push_back({{"number", i}, {"text", text}});
    return rows;
}

std::size_t escaped_size(const std::string& text) {
    return Json(text).dump().size();
}

// Follows the cursors; checks each page's limits.
std::vector<Json> join(const std::vector<Json>& rows, std::size_t& pages) {
    std::vector<Json> all;
    std::string cursor;
    for (pages = 1;; ++pages) {
        const std::string text = make_page("servers", rows, cursor);
        EXPECT_LE(text.size(), 8'191U);
        EXPECT_LE(escaped_size(text), 16'000U);
        const Json page = read_page(text);
        EXPECT_EQ(page["view"], "servers");
        for (const Json& row : page["rows"])
            all.push_back(row);
        if (!page.contains("next")) return all;
        cursor = page["next"].get<std::string>();
    }
}

TEST(Pages, NoRowsAreOneEmptyPage) {
    EXPECT_EQ(make_page("vrrp", {}, ""), R"({"view":"vrrp","rows":[]})");
}

TEST(Pages, ManyRowsComeBackWholeAndInOrder) {
    for (const std::size_t length : {0U, 10U, 100U, 1000U, 5000U}) {
        const auto rows = rows_of(200, std::string(length, 'x'));
        std::size_t pages = 0;
        EXPECT_EQ(join(rows, pages), rows);
    }
}

TEST(Pages, NamesStandOnce) {
    std::vector<Json> rows = rows_of(2, "a");
    rows.push_back({{"number", 2}});
    rows.push_back({{"text", "another order"}, {"number", 3}});
    const std::string page = make_page("x", rows, "");
    EXPECT_EQ(page, R"({"view":"x","rows":[[0,"a"],[1,"a"],{"number":2},)"
                    R"({"text":"another order","number":3}],"keys":["number","text"]})");
    EXPECT_EQ(read_page(page)["rows"], Json(rows));
}

TEST(Pages, NamesMayBeSaidBefore) {
    constexpr std::array names{"number", "text"};
    Page page("x", names);
    EXPECT_TRUE(page.add({0, "a"}));
    EXPECT_TRUE(page.add({1, std::string(20'000, 'y')}) == false) << "for the next page";
    const Json read = read_page(page.finish("1"));
    EXPECT_EQ(read["rows"], Json(rows_of(1, "a")));
    EXPECT_EQ(read["next"], "1");
}

TEST(Pages, QuotesCountTwice) {
    const auto rows = rows_of(50, std::string(500, '"'));
    std::size_t pages = 0;
    EXPECT_EQ(join(rows, pages), rows);
    EXPECT_GT(pages, 1U);
}

TEST(Pages, BytesThatAreNoTextDoNotBreakThePage) {
    const auto rows = rows_of(1, "\xff\x01 ü");
    const Json page = read_page(make_page("x", rows, ""));
    EXPECT_EQ(page["rows"].size(), 1U);
}

TEST(Pages, ARowThatFitsNoPageIsReplaced) {
    auto rows = rows_of(3, "a");
    rows[1]["text"] = std::string(20'000, 'y');
    std::size_t pages = 0;
    const auto all = join(rows, pages);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_TRUE(all[1].contains("error"));
    EXPECT_EQ(all[2], rows[2]);
    rows.erase(rows.begin());
    EXPECT_EQ(join(rows, pages).size(), 2U) << "nor one that does not";
}

TEST(Pages, AForeignCursorIsHarmless) {
    const auto rows = rows_of(3, "a");
    EXPECT_EQ(read_page(make_page("x", rows, "99"))["rows"].size(), 0U);
    EXPECT_EQ(read_page(make_page("x", rows, "-1"))["rows"].size(), 3U);
    EXPECT_EQ(read_page(make_page("x", rows, "99999999999999999999999"))["rows"].size(), 3U);
    EXPECT_EQ(read_page(make_page("x", rows, "a\"b"))["rows"].size(), 3U);
}

}  // namespace
}  // namespace warren::views
