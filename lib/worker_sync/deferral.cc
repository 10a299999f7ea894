// SPDX-License-Identifier: BSD-3-Clause
#include "worker_sync/deferral.h"

#include "worker_sync/handshake.h"

namespace warren::worker_sync {

Deferral::~Deferral() {
    for (; begin_ != end_; ++begin_)
        rte_pktmbuf_free(held_[begin_ % held_max].frame);
}

// Sent even if the frame is not held: the answer is what shows that the peer is there again.
bool Deferral::hold(rte_mbuf* frame, std::uint8_t port, flow::FlowIndex index,
                    const PollRound& round) {
    if (link_ == nullptr || !shared_.speaks.load(std::memory_order_relaxed)) return false;
    const std::uint16_t service = tables_.flows[index].service_id;
    if (!round.snapshot->services[service].synced || !round.syncs(service)) return false;
    const bool defers = shared_.defers.load(std::memory_order_relaxed) ||
                        round.is_handing_over(round.snapshot->router_of(service));
    if (!defers || !send(index)) return false;
    acknowledged();
    if (timeouts_ >= timeouts_max || end_ - begin_ == held_max) return false;
    held_[end_++ % held_max] = {frame, round.now_ns + longest_ns, number_, port};
    link_->held.add();
    return true;
}

bool Deferral::send(flow::FlowIndex index) {
    event_.urgent = true;
    event_.index = index;
    event_.number = number_ + 1;
    event_.flow = to_record(tables_.flows[index]);
    if (!link_->events.push(event_)) {
        link_->overrun.add();
        return false;
    }
    ++number_;
    shared_.bell.ring_urgently();
    return true;
}

std::uint32_t Deferral::acknowledged() {
    const std::uint32_t now = link_->acknowledged.load(std::memory_order_acquire);
    if (now != last_acknowledged_) timeouts_ = 0;
    last_acknowledged_ = now;
    return now;
}

bool Deferral::may_leave(const Held& held, const PollRound& round) {
    if (static_cast<std::int32_t>(acknowledged() - held.number) >= 0) return true;
    if (round.now_ns < held.until_ns) return false;
    link_->held_too_long.add();
    ++timeouts_;
    return true;
}

}  // namespace warren::worker_sync
