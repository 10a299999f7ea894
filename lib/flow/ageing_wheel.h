// SPDX-License-Identifier: BSD-3-Clause
// Lazy timing wheel: a packet only writes Flow::last_seen; whether the flow has idled too long is
// looked at when the hand reaches its slot, and a flow that has not moves on to the slot of its new
// deadline, at most one revolution ahead. Only a change to a shorter timeout re-links at once.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <span>

#include "flow/flow.h"
#include "flow/index_lists.h"
#include "flow/tcp.h"

namespace warren::flow {

// How long each flow may idle: by its state, and while it is established by its service.
class IdleTimeouts {
  public:
    // `established`: one for each service, timeouts.of(established) at first.
    IdleTimeouts(const Timeouts& timeouts, std::span<Tick> established)
        : timeouts_(timeouts), established_(established) {
        std::fill(established_.begin(), established_.end(), timeouts_.of(TcpState::established));
    }

    // From now on.
    void set_established(std::uint16_t service, Tick idle) { established_[service] = idle; }

    Tick of(const Flow& f, TcpState state) const {
        if (has_closed_unseen(f.method, state)) state = TcpState::time_wait;
        return state == TcpState::established ? established_[f.service_id] : timeouts_.of(state);
    }
    Tick deadline(const Flow& f) const { return f.last_seen + of(f, f.state); }

    std::size_t services() const { return established_.size(); }

  private:
    Timeouts timeouts_;
    std::span<Tick> established_;
};

class AgeingWheel {
  public:
    // The number of heads (slots) must be a power of two; 512 are a revolution of 69 s.
    AgeingWheel(Flow* flows, std::span<FlowIndex> heads, Tick start)
        : lists_(flows, heads), flows_(flows), hand_(start) {
        assert((heads.size() & (heads.size() - 1)) == 0 && heads.size() >= 2);
    }

    // Within so many ticks it comes to every flow, so that a deadline beyond is noticed in time.
    Tick revolution() const { return lists_.size() - 1; }

    // Puts the flow where its deadline will be noticed, from wherever it was.
    void schedule(FlowIndex i, Tick deadline) {
        lists_.remove(i);
        const auto ahead = static_cast<std::int32_t>(deadline - hand_);
        const auto longest = static_cast<std::int32_t>(revolution());
        const Tick slot = hand_ + static_cast<Tick>(std::clamp(ahead, 1, longest));
        lists_.push_front(slot & (lists_.size() - 1), i);
    }

    void remove(FlowIndex i) { lists_.remove(i); }

    // Moves the hand up to `now`, but looks at `budget` slots and flows at most; what is left over
    // waits for the next call. deadline_of(index) -> Tick; expire(index) is called with the flow
    // out of the wheel. Returns how many were looked at.
    template <typename DeadlineOf, typename Expire>
    unsigned advance(Tick now, unsigned budget, DeadlineOf deadline_of, Expire expire) {
        unsigned work = 0;
        while (work < budget && static_cast<std::int32_t>(now - hand_) >= 0) {
            ++work;
            const FlowIndex i = lists_.first(hand_ & (lists_.size() - 1));
            if (i == no_flow) {
                ++hand_;
                continue;
            }
            const FlowIndex following = lists_.next(i);
            if (following != no_flow) {
                __builtin_prefetch(&flows_[following]);
                __builtin_prefetch(&flows_[following].wheel);
            }
            const Tick deadline = deadline_of(i);
            if (static_cast<std::int32_t>(now - deadline) >= 0) {
                lists_.remove(i);
                expire(i);
            } else {
                schedule(i, deadline);
            }
        }
        return work;
    }

  private:
    IndexLists<&Flow::wheel> lists_;
    Flow* flows_;
    Tick hand_;
};

}  // namespace warren::flow
