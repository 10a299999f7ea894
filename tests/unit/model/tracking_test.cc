// SPDX-License-Identifier: BSD-3-Clause
// From the states of tracked things to an instance's priority.
#include "model/tracking.h"

#include <gtest/gtest.h>

#include <map>

namespace warren::model {
namespace {

using Standing = vrrp::TrackedState::Standing;

config::Tracked tracked(config::TrackKind kind, const char* name, int weight,
                        bool reverse = false) {
    return {{}, kind, name, weight, reverse};
}

TEST(TrackingTest, EachThingHasItsPart) {
    config::VrrpInstance instance;
    instance.priority = 100;
    instance.tracked = {tracked(config::TrackKind::interface, "eth1", -20),
                        tracked(config::TrackKind::script, "chk", 10),
                        tracked(config::TrackKind::file, "maintenance", 2),
                        tracked(config::TrackKind::script, "broken", 0)};
    std::map<std::string, vrrp::TrackedState> states{
        {"eth1", vrrp::TrackedState::of(false, "down")},
        {"chk", vrrp::TrackedState::of(true, "exit status 0")},
        {"maintenance", {Standing::known, -30, "-30"}},
        {"broken", {Standing::ignored, 0, "not executable"}},
    };
    const auto run = [&](bool has_begun = false) {
        return evaluate(instance, has_begun,
                        [&](const config::Tracked& t) { return states[t.name]; });
    };
    const Tracking first = run();
    ASSERT_EQ(first.items.size(), 4U);
    EXPECT_EQ(first.items[0].part.priority, -20);
    EXPECT_EQ(first.items[1].part.priority, 10);
    EXPECT_EQ(first.items[2].part.priority, -60);
    EXPECT_EQ(first.items[3].part, vrrp::TrackedPart{}) << "what cannot be run takes no part";
    EXPECT_EQ(first.total, vrrp::TrackedPart{30});
    EXPECT_TRUE(first.settled());

    states["broken"] = vrrp::TrackedState::of(false, "exit status 1");
    EXPECT_EQ(run().total, (vrrp::TrackedPart{30, true}));
    states["broken"] = {};
    EXPECT_TRUE(run().total.fault) << "it waits for the first result";
    EXPECT_FALSE(run().settled());
}

}  // namespace
}  // namespace warren::model
