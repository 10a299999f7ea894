// SPDX-License-Identifier: BSD-3-Clause
// Queue of gratuitous ARPs and unsolicited NAs: by virtual router, in turn, a round of all its
// addresses each. A bounded number of frames leaves at a time, so that adverts do not wait; what
// the port refuses stays queued. No clock, no heap after the constructor.
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

    // Queues `rounds` more, spaced by the plan's gaps. The plan's list of added addresses must live
    // until change_plan() replaces it.
    void add(std::size_t router, const vrrp::Announce& what, const RouterPlan& plan);
    void change_plan(std::size_t router, const RouterPlan& plan);
    // No longer master.
    void cancel(std::size_t router);
    // The index has been given to another router.
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

    // One announcement: this MAC has this address, on this port.
    struct Claim {
        net::IpAddress address;
        net::MacAddress mac;
        std::uint8_t port = 0;
    };

    static bool has_work(const Item& item) { return item.rounds != 0 || item.added_rounds != 0; }
    // The next one of the current round; nullopt: the round has ended.
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
