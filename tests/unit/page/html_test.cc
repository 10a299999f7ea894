// SPDX-License-Identifier: BSD-3-Clause
// Text stays text; ages and numbers as people write them.
#include "page/html.h"

#include <gtest/gtest.h>

namespace warren::page {
namespace {

TEST(Html, TextCannotBecomeMarkup) {
    EXPECT_EQ(escaped("<script>\"a\" & 'b'\n"), "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39; ");
    EXPECT_EQ(badge("<x>", "bad"), "<span class=\"badge bad\">&lt;x&gt;</span>");
}

TEST(Html, AgesHaveTwoUnitsAtMost) {
    EXPECT_EQ(age_text(0), "0 ms");
    EXPECT_EQ(age_text(999), "999 ms");
    EXPECT_EQ(age_text(1'000), "1s");
    EXPECT_EQ(age_text(252'000), "4m12s");
    EXPECT_EQ(age_text(3'600'000), "1h0m");
    EXPECT_EQ(age_text((3 * 86'400 + 4 * 3'600 + 59) * 1'000ULL), "3d4h");
}

TEST(Html, NumbersAreGrouped) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1'000), "1,000");
    EXPECT_EQ(grouped(1'234'567), "1,234,567");
    EXPECT_EQ(ms_text(0.02), "&lt; 0.1 ms");
    EXPECT_EQ(ms_text(0.84), "0.8 ms");
    EXPECT_EQ(ms_text(240.4), "240 ms");
}

TEST(Html, ACellHasWhatACardNeeds) {
    EXPECT_EQ(cell({"For", "4s", "4000", "n"}),
              "<td data-label=\"For\" class=\"n\" data-key=\"4000\">4s</td>");
    EXPECT_EQ(cell({"Check", "ok"}), "<td data-label=\"Check\">ok</td>");
}

}  // namespace
}  // namespace warren::page
