// SPDX-License-Identifier: BSD-3-Clause
// The configuration that runs, as pages.
#include "views/config_rows.h"

#include <gtest/gtest.h>

#include <memory>

#include "unit/views/read_page.h"

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
    const Json page = read_page(config_page(lines(1), ""));
    EXPECT_EQ(page["rows"], Json::parse(R"([{"text": "    priority 100",
                                            "file": "warren.conf", "line": 1}])"));
    EXPECT_FALSE(page.contains("next"));
}

TEST(ConfigRows, GoOnWhereAPageEnds) {
    constexpr std::size_t count = 1'000;
    std::size_t seen = 0;
    std::string cursor;
    do {
        const Json page = read_page(config_page(lines(count), cursor));
        for (const Json& row : page["rows"])
            EXPECT_EQ(row["line"], ++seen);
        cursor = page.value("next", "");
    } while (!cursor.empty());
    EXPECT_EQ(seen, count);
}

TEST(ConfigRows, EndWhateverTheCursor) {
    EXPECT_TRUE(read_page(config_page(lines(3), "7"))["rows"].empty());
    EXPECT_EQ(read_page(config_page(lines(3), "x"))["rows"].size(), 3U);
}

}  // namespace
}  // namespace warren::views
