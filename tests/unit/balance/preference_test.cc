// SPDX-License-Identifier: BSD-3-Clause
#include "balance/preference.h"

#include <gtest/gtest.h>

#include <string>

namespace warren::balance {
namespace preference_test {

constexpr Contender usable(std::uint32_t tier, bool preferred = true, bool blocked = false) {
    return {true, tier, preferred, blocked};
}
constexpr Contender cut_off(std::uint32_t tier) {
    return {true, tier, true, false, true};
}
constexpr Contender leaving(std::uint32_t tier) {
    return {true, tier, true, false, false, true};
}
constexpr Contender down(std::uint32_t tier) {
    return {false, tier, true, false};
}

struct Case {
    const char* name;
    std::vector<Contender> pool;
    const char* eligible;  // x: new flows go to it
};

const Case cases[] = {
    {"equals all serve", {usable(0), usable(0)}, "xx"},
    {"the lower tier serves", {usable(1), usable(0), usable(2)}, "-x-"},
    {"the next tier when the lower one is down", {usable(1), down(0), usable(2)}, "x--"},
    {"one that is left of a tier is enough", {usable(0), down(0), usable(1)}, "x--"},
    {"preferred ones serve", {usable(0), usable(0, false)}, "x-"},
    {"the others when those are gone", {down(0), usable(0, false)}, "-x"},
    {"tiers come before preference", {usable(0, false), usable(1)}, "x-"},
    {"a blocked one waits", {usable(0), usable(0, true, true)}, "x-"},
    {"but not if all are", {usable(0, true, true), usable(0, true, true)}, "xx"},
    {"an alarm moves nobody to another tier", {usable(0, true, true), usable(1)}, "x-"},
    {"a minority waits, whatever its tier", {cut_off(0), usable(1, false, true)}, "-x"},
    {"but not if nobody else is left", {cut_off(1), down(0), cut_off(0)}, "--x"},
    {"who takes its leave waits, whatever its tier", {leaving(0), usable(1, false, true)}, "-x"},
    {"and for a minority", {leaving(0), cut_off(1)}, "-x"},
    {"but not if nobody else is left", {leaving(1), down(0), leaving(1), leaving(2)}, "x-x-"},
    {"nobody usable", {down(0), down(1)}, "--"},
    {"nobody", {}, ""},
};

TEST(Preference, WhoIsEligible) {
    for (const Case& c : cases) {
        std::string all;
        for (const bool is_eligible : eligible(c.pool))
            all += is_eligible ? 'x' : '-';
        EXPECT_EQ(all, c.eligible) << c.name;
    }
}

}  // namespace preference_test
}  // namespace warren::balance
