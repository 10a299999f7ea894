// SPDX-License-Identifier: BSD-3-Clause
#include "probe/pattern.h"

#include <gtest/gtest.h>

#include <chrono>

namespace warren::probe {
namespace {

TEST(Pattern, SearchesAnywhereAndTakesPcre2sOptions) {
    EXPECT_TRUE(Pattern({.regex = "wor+en"}).matches("a worren"));
    EXPECT_FALSE(Pattern({.regex = "WARREN"}).matches("warren"));
    EXPECT_TRUE(Pattern({.regex = "WARREN", .options = {"caseless"}}).matches("warren"));
    EXPECT_FALSE(Pattern({.regex = "^b"}).matches("a\nb"));
    EXPECT_TRUE(Pattern({.regex = "^b", .options = {"multiline"}}).matches("a\nb"));
    EXPECT_TRUE(Pattern({.regex = "(?<=a)b"}).matches("ab")) << "what std::regex cannot";
}

TEST(Pattern, NamesWhatIsWrong) {
    const Pattern bad({.regex = "a(b"});
    EXPECT_NE(bad.problem().find("offset 3"), std::string::npos) << bad.problem();
    EXPECT_FALSE(bad.matches("ab"));
    EXPECT_EQ(Pattern({.regex = "a"}).problem(), "");
}

TEST(Pattern, KnowsKeepalivedsOptionsOnly) {
    EXPECT_TRUE(pattern_option("no_dotstar_anchor"));
    EXPECT_FALSE(pattern_option("anchored"));
}

TEST(Pattern, OffsetsBoundWhereAMatchBegins) {
    EXPECT_FALSE(Pattern({.regex = "ab", .min_offset = 1}).matches("abc"));
    EXPECT_TRUE(Pattern({.regex = "ab", .min_offset = 1}).matches("ababc"));
    EXPECT_TRUE(Pattern({.regex = "ab", .max_offset = 3}).matches("__ab"));
    EXPECT_FALSE(Pattern({.regex = "ab", .max_offset = 2}).matches("__ab"));
    EXPECT_FALSE(Pattern({.regex = "a", .min_offset = 9}).matches("a"));
}

TEST(Pattern, AnExplosiveOneGivesUpSoon) {
    const std::string subject(40, 'a');
    const Pattern pattern({.regex = "(a+)+$", .stack_start = 32'768, .stack_max = 65'536});
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(pattern.matches(subject + "!"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

}  // namespace
}  // namespace warren::probe
