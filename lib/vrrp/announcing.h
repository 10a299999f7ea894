// SPDX-License-Identifier: BSD-3-Clause
// When a master tells the hosts: the burst at takeover, another one when a second master was heard,
// the refresh, and the defence of an address (RFC 5227 2.4). Says how many rounds are due, one
// round being a GARP or unsolicited NA for each address; who sends them is elsewhere. Nanoseconds
// of one clock that never goes back. Pure, no heap.
#pragma once

#include <cstdint>

#include "vrrp/event.h"
#include "vrrp/settings.h"
#include "vrrp/timers.h"

namespace warren::vrrp {

// What is to leave at once.
struct AnnounceRounds {
    std::uint8_t all = 0;    // of all addresses
    std::uint8_t added = 0;  // of those that came to a running master

    friend bool operator==(const AnnounceRounds&, const AnnounceRounds&) = default;
};

class Announcing {
  public:
    static constexpr std::uint64_t burst_distance_ns = ns_per_s;
    static constexpr std::uint64_t defend_interval_ns = 10 * ns_per_s;  // RFC 5227 2.4

    // Master from now on: the takeover's burst, and nothing of a time as master before.
    void begin(const Announcements& settings, std::uint64_t now_ns);
    // No master any more.
    void end() { burst_ = added_burst_ = {}; }

    // The takeover's burst for hosts that do not know these addresses.
    void start(AnnouncedSet what, const Announcements& settings, std::uint64_t now_ns);
    // Another master was there, hosts may believe it: a burst, but one a second at most.
    void request(std::uint64_t now_ns);
    // Somebody claims an address. RFC 5227 2.4 (c): who must keep it defends it, at most once in
    // DEFEND_INTERVAL. A claim in between is answered when that has passed, for its sender may have
    // announced several times.
    void defend(std::uint64_t now_ns);
    // Every `refresh_ns` from now on; 0: never.
    void refresh_every(std::uint64_t refresh_ns, std::uint64_t now_ns);

    // What is due; the next is due later. The settings may be others at each call.
    AnnounceRounds take_due(const Announcements& settings, std::uint64_t now_ns);

    // When take_due() has something next; may be in the past, no_deadline = never.
    std::uint64_t deadline_ns() const;

  private:
    // A schedule being worked off. Which one, not where it lies: settings come and go meanwhile.
    struct Burst {
        AnnounceSchedule Announcements::*schedule = nullptr;
        std::uint8_t phase = 0;
        std::uint8_t done = 0;  // of this phase
        std::uint64_t next_ns = no_deadline;
    };

    static Burst burst_of(AnnounceSchedule Announcements::*schedule, const Announcements& settings,
                          std::uint64_t now_ns);
    static std::uint8_t take_due(Burst& burst, const Announcements& settings, std::uint64_t now_ns);
    void start_burst(AnnounceSchedule Announcements::*schedule, const Announcements& settings,
                     std::uint64_t now_ns);

    Burst burst_;
    Burst added_burst_;
    std::uint64_t next_burst_ns_ = 0;         // not sooner
    std::uint64_t request_ns_ = no_deadline;  // a burst that had to wait for that
    std::uint64_t refresh_ns_ = no_deadline;
    std::uint64_t next_defence_ns_ = 0;  // not sooner, a loss of mastership between them or not
    std::uint64_t defence_ns_ = no_deadline;
};

}  // namespace warren::vrrp
