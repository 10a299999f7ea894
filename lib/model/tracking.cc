// SPDX-License-Identifier: BSD-3-Clause
#include "model/tracking.h"

#include <algorithm>
#include <utility>

namespace warren::model {
namespace {

vrrp::TrackedPart part_of(const config::Tracked& tracked, const vrrp::TrackedState& state,
                          bool has_begun) {
    const vrrp::Weight weight{tracked.weight.value_or(0), tracked.reverse.value_or(false)};
    if (state.standing == vrrp::TrackedState::Standing::ignored) return {};
    if (state.standing == vrrp::TrackedState::Standing::unknown)
        return has_begun ? vrrp::TrackedPart{} : vrrp::part_of_unknown(weight);
    return tracked.kind == config::TrackKind::file ? vrrp::part_of_number(weight, state.number)
                                                   : vrrp::part_of_state(weight, state.number != 0);
}

}  // namespace

bool Tracking::settled() const {
    return std::none_of(items.begin(), items.end(), [](const TrackedItem& item) {
        return item.state.standing == vrrp::TrackedState::Standing::unknown;
    });
}

Tracking evaluate(const config::VrrpInstance& instance, bool has_begun,
                  const std::function<vrrp::TrackedState(const config::Tracked&)>& state_of) {
    Tracking out;
    std::vector<vrrp::TrackedPart> parts;
    for (const config::Tracked& tracked : instance.tracked) {
        vrrp::TrackedState state = state_of(tracked);
        parts.push_back(part_of(tracked, state, has_begun));
        out.items.push_back({&tracked, std::move(state), parts.back()});
    }
    out.total = vrrp::total(instance.priority, parts);
    return out;
}

}  // namespace warren::model
