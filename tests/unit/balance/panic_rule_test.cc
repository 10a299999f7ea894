// SPDX-License-Identifier: BSD-3-Clause
#include "balance/panic_rule.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace warren::balance {
namespace panic_rule_test {

// + passing, r refused, f failed, s silent, . already down
std::vector<Evidence> pool(std::string_view text) {
    std::vector<Evidence> all;
    for (const char c : text)
        all.push_back(c == '+'   ? Evidence::passing
                      : c == 'r' ? Evidence::refused
                      : c == 'f' ? Evidence::failed
                      : c == 's' ? Evidence::silent
                                 : Evidence::already_down);
    return all;
}

struct Case {
    const char* name;
    std::string_view pool;
    bool suspect;
};

const Case cases[] = {
    {"nobody", "", false},
    {"one server alone is believed dead", "s", false},
    {"one of two is dead", "+s", false},
    {"both of two fall silent: our link?", "ss", true},
    {"the last one left of two", ".s", false},
    {"the last one left of three", "..s", false},
    {"one of three is dead (the ordinary case)", "++s", false},
    {"two of three: the third proves the path", "+ss", false},
    {"all three", "sss", true},
    {"all that were left", ".ss", true},
    {"two silent, one refuses: the refusal came over the same path", "rss", false},
    {"a cluster stopped cleanly refuses everywhere", "rrr", false},
    {"half of four", "++ss", false},
    {"most of four", "+sss", true},
    {"most of five", "++sss", true},
    {"most of ten, but they refuse", "+++rrrrrrr", false},
    {"most of those not yet down", ".....++sss", true},
    {"all give a wrong answer at once: the check is wrong?", "fff", true},
    {"most of five, one way or the other", "++sff", true},
    {"one of three gives a wrong answer", "++f", false},
    {"all healthy", "+++++", false},
};

TEST(PanicRule, Cases) {
    for (const Case& c : cases)
        EXPECT_EQ(failures_are_suspect(pool(c.pool)), c.suspect) << c.name;
}

TEST(PanicRule, DependsOnCountsNotOnOrder) {
    EXPECT_EQ(failures_are_suspect(pool("s+ss")), failures_are_suspect(pool("sss+")));
}

TEST(PanicGuard, DoubtsForABoundedTime) {
    PanicGuard guard(10'000);
    EXPECT_TRUE(guard.believes(pool("++s"), 0));
    EXPECT_FALSE(guard.believes(pool("sss"), 1000));
    EXPECT_FALSE(guard.believes(pool("sss"), 10'999));
    EXPECT_TRUE(guard.believes(pool("sss"), 11'000)) << "they are dead indeed";
    EXPECT_TRUE(guard.believes(pool(".ss"), 11'001)) << "and so are the others";
}

TEST(PanicGuard, ABlipThatPassesStartsAnewNextTime) {
    PanicGuard guard(10'000);
    EXPECT_FALSE(guard.believes(pool("ss"), 0));
    EXPECT_TRUE(guard.believes(pool("+s"), 9000)) << "one answers: believed at once";
    EXPECT_FALSE(guard.believes(pool("ss"), 12'000));
    EXPECT_FALSE(guard.believes(pool("ss"), 21'999));
}

}  // namespace panic_rule_test
}  // namespace warren::balance
