// SPDX-License-Identifier: BSD-3-Clause
// Which worker a packet belongs to, and the hand-off of those that belong to another one.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "datapath/packet.h"
#include "exchange/worker_link.h"
#include "flow/spread.h"

namespace warren::datapath {

class Steering {
  public:
    Steering(unsigned worker, const flow::Spread& spread, exchange::Exchange& exchange)
        : worker_(worker),
          spread_(spread),
          exchange_(exchange),
          counters_(exchange.workers[worker]->counters),
          waiting_(exchange.workers.size()) {}

    unsigned worker() const { return worker_; }

    // The worker that handed off the frames to come; our own id: they come from rx queues.
    void begin_frames_of(unsigned from) { from_ = from; }
    unsigned from() const { return from_; }

    // Called only on a miss, so this is also where the NIC's RSS hash is compared with ours.
    unsigned owner_of(const Packet& packet) const {
        if (spread_.workers() == 1) return 0;
        const unsigned entry = spread_.entry_of(packet.tuple());
        compare_with_card(*packet.mbuf, entry);
        return spread_.owner_of_entry(entry);
    }
    // Of a plain segment, by its tuple's entry; nullopt: it is ours.
    std::optional<unsigned> other_owner_of(const rte_mbuf& mbuf, unsigned entry) const {
        const unsigned owner = spread_.owner_of_entry(entry);
        if (owner == worker_) return std::nullopt;
        compare_with_card(mbuf, entry);
        return owner;
    }

    // Without the frame.
    unsigned owner_of(const flow::Tuple& tuple) const { return spread_.owner(tuple); }

    // In NAT the client is all that both directions show; persistence needs all flows of a group in
    // one worker, which then chooses its server as if it were alone.
    unsigned owner_of_client(const exchange::Service& service, const net::IpAddress& client,
                             net::Be16 port) const {
        return spread_.owner_of_client(service.steered_address(client), service.steered_port(port));
    }

    // A frame is handed off once: two workers that disagree must not send it back and forth.
    bool hands_off() const { return from_ == worker_ && spread_.workers() != 1; }
    bool hands_off_to(unsigned owner) const { return owner != worker_ && from_ == worker_; }

    // A signpost (flow::Flow::signpost) also redirects frames that were handed off to us, but never
    // back to the worker they came from: that has the flow no more.
    bool points_back(const flow::Flow& signpost) const { return signpost.server_id == from_; }
    Verdict follow(const flow::Flow& signpost) const {
        counters_.signposted.add();
        return Verdict::hand_off(signpost.server_id);
    }

    // Collects frames, so that each worker gets all of a round's with one enqueue.
    void hand_off(unsigned target, const exchange::HandoffFrame& frame) {
        Waiting& waiting = waiting_[target];
        waiting.frames[waiting.count++] = frame;
        waited_for_ |= 1U << target;
        if (waiting.count == waiting.frames.size()) give(target);
    }
    // At the end of a round. Wakes the workers that sleep.
    void give_all() {
        for (; waited_for_ != 0; waited_for_ &= waited_for_ - 1) {
            const auto target = static_cast<unsigned>(std::countr_zero(waited_for_));
            give(target);
            exchange_.workers[target]->doorbell.ring_if_asleep();
        }
    }

  private:
    struct Waiting {
        std::array<exchange::HandoffFrame, burst_size> frames;
        unsigned count = 0;
    };

    void compare_with_card(const rte_mbuf& mbuf, unsigned entry) const {
        if ((mbuf.ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0)
            (mbuf.hash.rss % flow::Spread::entries == entry ? counters_.rss_agreed
                                                            : counters_.rss_disagreed)
                .add();
    }
    void give(unsigned target) {
        Waiting& waiting = waiting_[target];
        const unsigned taken =
            exchange_.handoff(worker_, target).push(waiting.frames.data(), waiting.count);
        counters_.handoff_out.add(taken);
        counters_.drop(exchange::Drop::handoff_full).add(waiting.count - taken);
        for (unsigned i = taken; i < waiting.count; ++i)
            rte_pktmbuf_free(waiting.frames[i].mbuf);
        waiting.count = 0;
    }

    const unsigned worker_;
    unsigned from_ = worker_;
    const flow::Spread& spread_;
    exchange::Exchange& exchange_;
    exchange::WorkerCounters& counters_;
    std::vector<Waiting> waiting_;  // by worker
    std::uint32_t waited_for_ = 0;  // bit i: worker i is to be given its frames, or woken
};

}  // namespace warren::datapath
