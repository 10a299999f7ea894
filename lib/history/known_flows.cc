// SPDX-License-Identifier: BSD-3-Clause
#include "history/known_flows.h"

namespace warren::history {

void KnownFlows::begin(const FlowName& name, KnownFlow flow) {
    flow.serial = ++last_serial_;
    flows_[name] = flow;
    order_.emplace_back(name, flow.serial);
    while (order_.size() > most) {
        const auto& [oldest, serial] = order_.front();
        const auto found = flows_.find(oldest);
        if (found != flows_.end() && found->second.serial == serial) flows_.erase(found);
        order_.pop_front();
    }
}

const KnownFlow* KnownFlows::find(const FlowName& name) const {
    const auto found = flows_.find(name);
    return found == flows_.end() ? nullptr : &found->second;
}

void KnownFlows::end(const FlowName& name, std::string_view cause, std::int64_t wall_ms) {
    const auto found = flows_.find(name);
    if (found == flows_.end()) return;
    found->second.ended_ms = wall_ms;
    found->second.cause = cause;
}

}  // namespace warren::history
