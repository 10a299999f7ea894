// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/shedding.h"

#include <algorithm>

namespace warren::datapath {

unsigned Shedding::shed(const PollRound& round) {
    if (!under_way_) {
        under_way_ = tables_.link.sheds.pop(order_);
        at_ = 0;
        found_ = 0;
    }
    if (!under_way_) return 0;
    if (tables_.is_peers(round.snapshot->servers[order_.server].service, round)) {
        under_way_ = false;  // so are its clients
        return 0;
    }
    return order_.all ? shed_all(round) : shed_idlest(round);
}

// A flow that begins meanwhile may be among them: its client comes back once more.
unsigned Shedding::shed_all(const PollRound& round) {
    unsigned done = 0;
    for (; done < resets_per_round && !dead_flows_.is_full(); ++done) {
        const flow::FlowIndex index = tables_.flows.servers().first(order_.server);
        if (index == flow::no_flow) {
            under_way_ = false;
            break;
        }
        dead_flows_.give_up(index, exchange::EndCause::reset, round);
    }
    return done;
}

// All flows are looked at before the first is taken, a part of the table each round. What has been
// chosen may be gone or busy by then.
unsigned Shedding::shed_idlest(const PollRound& round) {
    const flow::FlowIndex end = std::min(tables_.flows.end_index(), at_ + looked_at_per_round);
    for (; at_ < end; ++at_)
        look_at(at_, round);
    if (at_ < tables_.flows.end_index()) return 0;
    unsigned done = 0;
    for (unsigned i = 0; i < found_ && !dead_flows_.is_full(); ++i) {
        const Idle& chosen = idlest_[i];
        if (!is_candidate(chosen.index) ||
            tables_.flows[chosen.index].last_seen != chosen.last_seen)
            continue;
        dead_flows_.give_up(chosen.index, exchange::EndCause::rebalance, round);
        ++done;
    }
    under_way_ = false;
    return done;
}

// Nobody is moved before it has been served.
bool Shedding::is_candidate(flow::FlowIndex index) const {
    const flow::Flow& flow = tables_.flows[index];
    return flow.state == flow::TcpState::established && flow.server_id == order_.server;
}

void Shedding::look_at(flow::FlowIndex index, const PollRound& round) {
    if (!is_candidate(index)) return;
    const flow::Tick last_seen = tables_.flows[index].last_seen;
    const auto idler = [&](const Idle& other) {
        return round.tick - other.last_seen < round.tick - last_seen;
    };
    const unsigned most = std::min<unsigned>(order_.most, exchange::shed_most);
    const auto begin = idlest_.begin();
    const auto place = std::find_if(begin, begin + found_, idler);
    if (place == begin + most) return;
    found_ = std::min(found_ + 1, most);
    std::move_backward(place, begin + found_ - 1, begin + found_);
    *place = {index, last_seen};
}

}  // namespace warren::datapath
