// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/leaving.h"

#include <algorithm>

namespace warren::datapath {

// What may not be told now is told in a later round.
unsigned Leaving::go_on(const PollRound& round) {
    if (!under_way_) {
        under_way_ = tables_.link.leaves.pop(order_);
        at_ = 0;
    }
    if (!under_way_) return 0;
    const flow::FlowIndex begin = at_;
    const flow::FlowIndex end = std::min(tables_.flows.end_index(), at_ + looked_at_per_round);
    for (; at_ < end; ++at_) {
        if (!is_wanted(tables_.flows[at_], round)) continue;
        if (!is_shared(tables_.flows[at_], round)) tables_.flows.make_due(at_, round.tick + kept);
        if (order_.most == 0) continue;
        const exchange::FlowEvent event =
            tables::Tables::of({.kind = exchange::FlowEventKind::moved}, tables_.flows[at_]);
        if (!tables_.report_rate_limited(event, round.tick)) return at_ - begin;
        --order_.most;
    }
    under_way_ = at_ < tables_.flows.end_index();
    return at_ - begin;
}

bool Leaving::is_wanted(const flow::Flow& flow, const PollRound& round) const {
    return flow::is_live(flow.state) && round.snapshot->router_of(flow.service_id) == order_.router;
}

bool Leaving::is_shared(const flow::Flow& flow, const PollRound& round) const {
    return tables_.is_synced() && round.snapshot->services[flow.service_id].synced;
}

}  // namespace warren::datapath
