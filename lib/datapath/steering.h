// SPDX-License-Identifier: BSD-3-Clause
// Which worker a packet belongs to, and the hand-off of those that belong to another one.
#pragma once

#include <cstdint>
#include <optional>

#include "datapath/packet.h"
#include "exchange/counters.h"
#include "flow/spread.h"

namespace warren::datapath {

class Steering {
  public:
    Steering(unsigned worker, const flow::Spread& spread, exchange::WorkerCounters& counters)
        : worker_(worker), spread_(spread), counters_(counters) {}

    unsigned worker() const { return worker_; }

    // Who has handed us the frames that come now: nobody, ourselves.
    void begin_frames_of(unsigned from) { from_ = from; }
    unsigned from() const { return from_; }

    // Asked only when a packet's flow is not here, so what the card says of it is looked at here
    // too.
    unsigned owner_of(const Packet& packet) const {
        if (spread_.workers() == 1) return 0;
        const std::uint32_t hash = spread_.hash(packet.tuple());
        if ((packet.mbuf->ol_flags & RTE_MBUF_F_RX_RSS_HASH) != 0)
            (packet.mbuf->hash.rss == hash ? counters_.rss_agreed : counters_.rss_disagreed).add();
        return spread_.owner(hash);
    }

    // The same of a segment that is not at hand.
    unsigned owner_of(const flow::Tuple& tuple) const { return spread_.owner(tuple); }

    // In NAT the client is all that both directions show; persistence needs all flows of a group in
    // one worker, which then chooses its server as if it were alone.
    unsigned owner_of_client(const exchange::Service& service, const net::IpAddress& client,
                             net::Be16 port) const {
        return spread_.owner_of_client(service.steered_address(client), service.steered_port(port));
    }

    // Once: what was handed to us is served here, or two workers of different opinions would send
    // it round and round.
    std::optional<Verdict> hand_off_unless_ours(unsigned owner) const {
        if (owner == worker_ || from_ != worker_) return std::nullopt;
        return Verdict::hand_off(static_cast<std::uint8_t>(owner));
    }

    // By a signpost, also what was handed to us: its client's tuple led here. But not back: who has
    // handed it to us has that flow no more.
    bool points_back(const flow::Flow& signpost) const { return signpost.server_id == from_; }
    Verdict follow(const flow::Flow& signpost) const {
        counters_.signposted.add();
        return Verdict::hand_off(static_cast<std::uint8_t>(signpost.server_id));
    }

  private:
    const unsigned worker_;
    unsigned from_ = worker_;
    const flow::Spread& spread_;
    exchange::WorkerCounters& counters_;
};

}  // namespace warren::datapath
