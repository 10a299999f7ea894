// SPDX-License-Identifier: BSD-3-Clause
// The gratuitous ARPs and unsolicited NAs that are still to be sent: a queue of virtual routers,
// one round of all addresses of each in turn. A bounded number of frames leaves in one go, so that
// no advert waits behind them; what the port does not take stays. No clock, no heap after the
// constructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "election/frame_sink.h"
#include "election/vrrp_link.h"
#include "exchange/snapshot.h"

namespace warren::election {

class Announcer {
  public:
    static constexpr std::uint64_t nothing_due = ~std::uint64_t{0};
    static constexpr std::uint64_t retry_ns = 250'000;  // after the port took nothing

    explicit Announcer(std::size_t routers);

    // `rounds` more of the router's addresses, not closer than the plan's gaps. The plan's list of
    // added addresses outlives this, or the change_plan() that replaces it.
    void add(std::size_t router, const vrrp::Announce& what, const RouterPlan& plan);
    void change_plan(std::size_t router, const RouterPlan& plan);
    // It is master no longer.
    void cancel(std::size_t router);
    // The index is another's now.
    void clear(std::size_t router);

    // Sends up to `most` frames; returns how many the sink refused.
    unsigned send(const exchange::Snapshot& snapshot, std::uint64_t now_ns, unsigned most,
                  FrameSink& sink);

    // When send() has work next: may be in the past; nothing_due: the queue is empty.
    std::uint64_t deadline_ns() const { return queued_ == 0 ? nothing_due : deadline_ns_; }

    const AnnouncementCounts& counts(std::size_t router) const { return items_[router].counts; }
    const AnnouncementCounts& total() const { return total_; }

  private:
    enum class Sent { frame, round_end, later, refused };
    struct Item {
        std::uint8_t rounds = 0;        // of all addresses; they come first
        std::uint8_t added_rounds = 0;  // of those that came with the plan
        bool queued = false;
        std::uint16_t next = 0;  // position in the addresses of this round
        std::uint8_t port = 0;
        net::MacAddress mac{};
        std::span<const net::IpAddress> added{};
        std::uint64_t garp_gap_ns = 0;
        std::uint64_t gna_gap_ns = 0;
        AnnouncementCounts counts;
    };

    // What is to be told about one address.
    struct Claim {
        net::IpAddress address;
        net::MacAddress mac;
        std::uint8_t port = 0;
    };

    static bool has_work(const Item& item) { return item.rounds != 0 || item.added_rounds != 0; }
    // Of the round that goes on; nothing: it has ended.
    static std::optional<Claim> next_claim(std::size_t router, const Item& item,
                                           const exchange::Snapshot& snapshot);
    void enqueue(std::size_t router);
    void enqueue_first(std::size_t router);
    std::size_t dequeue();
    Sent send_one(std::size_t router, const exchange::Snapshot& snapshot, std::uint64_t now_ns,
                  FrameSink& sink);

    std::vector<Item> items_;          // by router
    std::vector<std::uint16_t> ring_;  // routers with rounds left, each once
    std::size_t first_ = 0, queued_ = 0;
    std::vector<std::uint64_t> next_arp_ns_;  // by port, not sooner
    std::vector<std::uint64_t> next_na_ns_;
    std::uint64_t deadline_ns_ = 0;
    AnnouncementCounts total_;
};

}  // namespace warren::election
