// SPDX-License-Identifier: BSD-3-Clause
// What an instance makes of the things that it tracks. Pure; vrrp/tracking.h has the arithmetic.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/config.h"
#include "vrrp/tracked_state.h"
#include "vrrp/tracking.h"

namespace warren::model {

// One tracked thing of one instance: a line of `show vrrp`.
struct TrackedItem {
    const config::Tracked* config = nullptr;
    vrrp::TrackedState state;
    vrrp::TrackedPart part;
    friend bool operator==(const TrackedItem&, const TrackedItem&) = default;
};

struct Tracking {
    std::vector<TrackedItem> items;  // in the order of the configuration
    vrrp::TrackedPart total;         // priority: the instance's and all parts
    friend bool operator==(const Tracking&, const Tracking&) = default;

    bool settled() const;  // nothing is unknown any more
};

// `state_of` answers for each of the instance's tracked things. An instance that has begun does not
// wait for one that a reload has brought: until it is known it takes no part.
Tracking evaluate(const config::VrrpInstance& instance, bool has_begun,
                  const std::function<vrrp::TrackedState(const config::Tracked&)>& state_of);

}  // namespace warren::model
