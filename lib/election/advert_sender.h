// SPDX-License-Identifier: BSD-3-Clause
// Sends adverts of all virtual routers, to the multicast group or to each unicast peer, with AH
// where configured (RFC 2338 5.3.6.3). What the port refuses is retried from the first target that
// has not got it; a newer advert supersedes it. No clock, no heap after the constructor.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "election/advert_frame.h"
#include "election/frame_sink.h"
#include "election/hmac_md5.h"
#include "election/plan.h"
#include "exchange/counters.h"
#include "net/address.h"
#include "net/bytes.h"
#include "vrrp/advert.h"
#include "vrrp/ah.h"
#include "vrrp/timers.h"

namespace warren::election {

class AdvertSender {
  public:
    // Until a refused advert is tried again.
    static constexpr std::uint64_t retry_ns = 250'000;

    // `refused`: counts frames that the sink refused.
    AdvertSender(std::size_t most_routers, FrameSink& sink, exchange::Counter& refused);

    // The router is new, at an index that nobody has or at the next. The plan outlives it, or the
    // change_plan() that replaces it.
    void place(std::size_t router, const RouterPlan& plan);
    // Peers keep their MACs by address, wherever they stand in the list. A waiting advert starts
    // again with the first target.
    void change_plan(std::size_t router, const RouterPlan& plan);
    // `peer` is a position in Settings::unicast_peers. Zero: unknown, nothing is sent to it.
    void set_peer_mac(std::size_t router, std::size_t peer, const net::MacAddress& mac);

    // `source_mac`: instead of the plan's.
    void send(std::size_t router, std::uint8_t priority, std::uint64_t now_ns,
              const net::MacAddress& source_mac = {});
    // Drops a waiting advert: the router is no longer master.
    void cancel(std::size_t router) { set_unsent(items_[router], false); }
    void retry(std::uint64_t now_ns);
    // When retry() is due; may be in the past, vrrp::no_deadline = never.
    std::uint64_t deadline_ns() const { return retry_deadline_ns_; }

    // A peer's advert in an authentication header, from the IP header on. Our sequence numbers
    // continue from the master's.
    vrrp::Decoded decode_ah(std::size_t router, net::ConstBytes packet);

    // Superseded by a newer one before they left: port or ring were full.
    std::uint64_t unsent_adverts(std::size_t router) const { return items_[router].unsent_adverts; }
    // To unicast peers whose MAC is not known.
    std::uint64_t unresolved_adverts(std::size_t router) const {
        return items_[router].unresolved_adverts;
    }

  private:
    struct Item {
        const RouterPlan* plan = nullptr;
        vrrp::AhSequence ah{};
        std::array<net::MacAddress, max_unicast_peers> peer_macs{};  // zero: unknown
        // An advert that the port has not taken yet: its priority, and the first target without it.
        bool unsent = false;
        std::uint8_t priority = 0;
        net::MacAddress source_mac{};  // zero: the plan's
        std::size_t next_target = 0;
        std::uint64_t unsent_adverts = 0;
        std::uint64_t unresolved_adverts = 0;
    };

    void send_rest(Item& item);
    bool send_one(Item& item, const AdvertTarget& target);
    void set_unsent(Item& item, bool unsent);

    std::vector<Item> items_;  // by router; with room for all from the start
    HmacMd5 hmac_;
    FrameSink& sink_;
    exchange::Counter& refused_;
    std::uint64_t retry_deadline_ns_ = vrrp::no_deadline;
    unsigned unsent_ = 0;  // routers with an unsent advert
};

}  // namespace warren::election
