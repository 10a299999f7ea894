// SPDX-License-Identifier: BSD-3-Clause
#include "peer/worker_queries.h"

namespace warren::peer {

void WorkerQuery::begin(std::size_t workers, std::uint32_t number) {
    under_way_ = true;
    workers_ = workers;
    command_.number = number;
    sent_.reset();
    answered_.reset();
}

void WorkerQuery::push(exchange::Exchange& exchange) {
    if (!under_way_) return;
    for (std::size_t i = 0; i < workers_; ++i)
        if (!sent_[i]) sent_[i] = exchange.workers[i]->sync->commands.push(command_);
}

bool WorkerQuery::answered(unsigned worker, std::uint32_t number) {
    if (!under_way_ || number != command_.number) return false;
    answered_.set(worker);
    under_way_ = answered_.count() < workers_;
    return !under_way_;
}

// When too many are under way the oldest is taken for arrived: its SYN-ACK has waited long enough.
void UrgentEvents::sent(std::uint32_t number, flow::FlowIndex index, const Peers& to) {
    if (count_ == most) {
        acknowledged_ = events_[first_].number;
        first_ = (first_ + 1) % most;
        --count_;
    }
    events_[(first_ + count_++) % most] = {number, index, to};
}

bool UrgentEvents::arrived(flow::FlowIndex index, PeerId at) {
    for (std::size_t i = 0; i < count_; ++i) {
        Event& event = events_[(first_ + i) % most];
        if (event.index == index) event.missing.reset(at);
    }
    return acknowledge_oldest();
}

bool UrgentEvents::is_down(PeerId peer) {
    for (std::size_t i = 0; i < count_; ++i)
        events_[(first_ + i) % most].missing.reset(peer);
    return acknowledge_oldest();
}

bool UrgentEvents::acknowledge_oldest() {
    const std::size_t before = count_;
    for (; count_ > 0 && events_[first_].missing.none(); --count_) {
        acknowledged_ = events_[first_].number;
        first_ = (first_ + 1) % most;
    }
    return count_ != before;
}

}  // namespace warren::peer
