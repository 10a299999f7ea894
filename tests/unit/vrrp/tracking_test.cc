// SPDX-License-Identifier: BSD-3-Clause
// Weights, faults, rise and fall: keepalived.conf(5), checked against the sources of 2.2.7.
#include "vrrp/tracking.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace warren::vrrp {
namespace tracking_test {

constexpr TrackedPart fault{0, true};

struct StateCase {
    const char* what;
    Weight weight;
    bool up;
    TrackedPart expected;
};

// "its priority will be increased by the weight when the interface is up (for positive weights), or
// decreased by the weight's absolute value when the interface is down (for negative weights),
// unless reverse is specified, in which case the direction of adjustment of the priority is
// reversed."
TEST(Tracking, UpAndDown) {
    const StateCase cases[] = {
        {"0, up", {0, false}, true, {}},
        {"0, down", {0, false}, false, fault},
        {"0 reverse, up", {0, true}, true, fault},
        {"0 reverse, down", {0, true}, false, {}},
        {"10, up", {10, false}, true, {10}},
        {"10, down", {10, false}, false, {0}},
        {"-10, up", {-10, false}, true, {0}},
        {"-10, down", {-10, false}, false, {-10}},
        {"10 reverse, up", {10, true}, true, {-10}},
        {"10 reverse, down", {10, true}, false, {0}},
        {"-10 reverse, up", {-10, true}, true, {0}},
        {"-10 reverse, down", {-10, true}, false, {10}},
    };
    for (const StateCase& c : cases)
        EXPECT_EQ(part_of_state(c.weight, c.up), c.expected) << c.what;
}

struct NumberCase {
    const char* what;
    Weight weight;
    std::int64_t number;
    TrackedPart expected;
};

// "If the weight ... is 0, a non-zero value in the file will be treated as a failure status, ...
// otherwise the value will be multiplied by the weight"; "if the result is less than -253 anything
// monitoring the script will transition to the fault state".
TEST(Tracking, NumberOfAFile) {
    constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
    const NumberCase cases[] = {
        {"0 times 0", {0, false}, 0, {}},
        {"0 times 1", {0, false}, 1, fault},
        {"0 reverse, 0", {0, true}, 0, fault},
        {"0 reverse, -3", {0, true}, -3, {}},
        {"1 times -20", {1, false}, -20, {-20}},
        {"1 reverse, -20", {1, true}, -20, {20}},
        {"3 times 7", {3, false}, 7, {21}},
        {"1 times -253", {1, false}, -253, {-253}},
        {"1 times -254", {1, false}, -254, fault},
        {"2 times -127", {2, false}, -127, fault},
        {"1 times 254", {1, false}, 254, {253}},
        {"254 times -1", {254, false}, -1, fault},
        {"too large", {254, false}, largest, {253}},
        {"too small", {254, false}, -largest, fault},
    };
    for (const NumberCase& c : cases)
        EXPECT_EQ(part_of_number(c.weight, c.number), c.expected) << c.what;
}

TEST(Tracking, UnknownWaitsWhereFailureIsAFault) {
    EXPECT_EQ(part_of_unknown({0, false}), fault);
    EXPECT_EQ(part_of_unknown({0, true}), fault);
    EXPECT_EQ(part_of_unknown({-20, false}), TrackedPart{});
    EXPECT_EQ(part_of_unknown({20, false}), TrackedPart{});
}

TEST(Tracking, TotalIsBaseAndAllParts) {
    EXPECT_EQ(total(100, {}), TrackedPart{100});
    const std::array parts{TrackedPart{-20}, TrackedPart{5}, TrackedPart{-90}};
    EXPECT_EQ(total(100, parts), TrackedPart{-5});
    const std::array one_fault{TrackedPart{5}, fault, TrackedPart{1}};
    EXPECT_EQ(total(100, one_fault), (TrackedPart{106, true}));
}

// "s" success, "f" failure -> "?", "+" or "-" after each, with "!" where add() told of a change.
std::string run(RiseFall state, const std::string& results) {
    std::string out = state.known() ? (state.up() ? "+" : "-") : "?";
    for (const char result : results) {
        const bool changed = state.add(result == 's');
        out.append(" ").append(state.up() ? "+" : "-").append(changed ? "!" : "");
    }
    return out;
}

TEST(RiseFall, Table) {
    EXPECT_EQ(run({3, 2, false}, "s"), "? +!");
    EXPECT_EQ(run({3, 2, false}, "f"), "? -!");
    EXPECT_EQ(run({3, 2, false}, "sfsff"), "? +! + + + -!");
    EXPECT_EQ(run({3, 2, false}, "fssfsss"), "? -! - - - - - +!");
    EXPECT_EQ(run({3, 2, true}, "sss"), "- - - +!");
    EXPECT_EQ(run({2, 2, true}, "ffss"), "- - - - +!");
    EXPECT_EQ(run({1, 1, false}, "sfsf"), "? +! -! +! -!");
}

}  // namespace tracking_test
}  // namespace warren::vrrp
