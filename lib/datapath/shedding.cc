// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/shedding.h"

#include <algorithm>

namespace warren::datapath {

unsigned Shedding::go_on(const PollRound& round) {
    if (!under_way_ && tables_.link.sheds.pop(order_)) begin();
    if (!under_way_) return 0;
    if (tables_.is_peers(round.snapshot->servers[order_.server].service, round)) {
        under_way_ = false;  // so are its clients
        return 0;
    }
    return order_.all ? shed_all(round) : shed_some(round);
}

void Shedding::begin() {
    under_way_ = true;
    at_ = tables_.flows.servers().oldest(order_.server);
    looked_at_ = 0;
    found_ = 0;
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

// The server's flows are looked at from the oldest on, some each round, until enough are idle. What
// has been chosen may be gone or busy by then.
unsigned Shedding::shed_some(const PollRound& round) {
    for (unsigned i = 0; i < looked_at_per_round && !has_looked_enough(); ++i, ++looked_at_) {
        look_at(at_, round);
        at_ = tables_.flows.servers().younger(at_);
    }
    if (!has_looked_enough()) return 0;
    unsigned done = 0;
    for (unsigned i = 0; i < found_ && !dead_flows_.is_full(); ++i) {
        const Chosen& chosen = chosen_[i];
        const bool has_moved = tables_.flows[chosen.index].last_seen != chosen.last_seen;
        if (!is_candidate(chosen.index) || (chosen.is_idle && has_moved)) continue;
        dead_flows_.give_up(chosen.index, exchange::EndCause::rebalance, round);
        ++done;
    }
    under_way_ = false;
    return done;
}

// The next one may have ended since the last round: then what has been found is enough.
bool Shedding::has_looked_enough() const {
    const bool are_all_idle = found_ == most() && (found_ == 0 || chosen_[found_ - 1].is_idle);
    return are_all_idle || looked_at_ == looked_at_most || !is_listed(at_);
}

bool Shedding::is_listed(flow::FlowIndex index) const {
    return index != flow::no_flow && flow::is_live(tables_.flows[index].state) &&
           tables_.flows[index].server_id == order_.server;
}

// Nobody is moved before it has been served.
bool Shedding::is_candidate(flow::FlowIndex index) const {
    return is_listed(index) && tables_.flows[index].state == flow::TcpState::established;
}

// Idle ones before busy ones, and each kind as they come.
void Shedding::look_at(flow::FlowIndex index, const PollRound& round) {
    if (!is_candidate(index)) return;
    const flow::Tick last_seen = tables_.flows[index].last_seen;
    const bool is_idle = round.tick - last_seen >= idle_ticks;
    const auto begin = chosen_.begin();
    const auto place = std::find_if(begin, begin + found_,
                                    [&](const Chosen& other) { return is_idle && !other.is_idle; });
    if (place == begin + most()) return;
    found_ = std::min(found_ + 1, most());
    std::move_backward(place, begin + found_ - 1, begin + found_);
    *place = {index, last_seen, is_idle};
}

unsigned Shedding::most() const {
    return std::min<unsigned>(order_.most, exchange::shed_most);
}

}  // namespace warren::datapath
