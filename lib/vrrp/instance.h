// SPDX-License-Identifier: BSD-3-Clause
// One virtual router: RFC 3768 6.4 and RFC 9568 6.4 as a function from (event, time) to actions.
// Pure: no clock, I/O, heap or randomness. Times are nanoseconds of one monotonic clock. README.md
// tells the theory.
#pragma once

#include <array>
#include <cstdint>

#include "vrrp/advert_timer.h"
#include "vrrp/announcing.h"
#include "vrrp/event.h"
#include "vrrp/hand_over_timer.h"
#include "vrrp/master_down_timer.h"
#include "vrrp/settings.h"
#include "vrrp/timers.h"

namespace warren::vrrp {

struct Counters {
    std::uint64_t adverts_sent = 0;  // priority 0 included
    std::uint64_t adverts_received = 0;
    std::array<std::uint64_t, reject_reason_count> rejected{};
    std::uint64_t priority_zero_sent = 0;
    std::uint64_t priority_zero_received = 0;
    std::uint64_t announcements = 0;  // rounds, each of all addresses
    std::uint64_t became_master = 0;
    std::uint64_t lower_priority_heard = 0;  // while master
    std::uint64_t address_list_differs = 0;
    std::uint64_t interval_differs = 0;  // v3
    std::uint64_t address_conflicts = 0;
    std::uint64_t late_adverts = 0;  // sent a whole interval late or more
    std::uint64_t waits_for_workers =
        0;  // Master_Down was due, but adverts might still have been waiting in the queues
};

// What `show vrrp` shows.
struct Status {
    State state = State::initialize;
    bool wants_master = false;  // a backup that waits for its sync group
    bool undecided = false;     // a backup that has heard no better master since it began
    bool preempt_held = false;  // it does not preempt, PreemptHold
    bool handing_over = false;  // a master that yields to whoever advertises
    std::uint64_t since_ns = 0;
    Reason last_reason = Reason::none;
    std::uint16_t faults = 0;  // bit n: FaultCause n
    std::uint8_t effective_priority = 0;
    net::IpAddress master_address;  // ours while master; unspecified while unknown
    std::uint8_t master_priority = 0;
    std::uint64_t last_heard_ns = 0;  // last valid advert of another router; 0 = never
    std::uint64_t master_interval_ns = 0;
    std::uint64_t preempt_after_ns = 0;  // preempt_delay runs until then; 0: it does not
    Counters counters;
};

class Instance {
  public:
    // `settings` outlives the instance, or the Reconfigure that replaces it.
    explicit Instance(const Settings& settings);

    // `now_ns` never goes back. Anything but Tick may come at any time, Tick when deadline_ns() has
    // come (or earlier).
    Actions step(const Event& event, std::uint64_t now_ns);

    // decode() refused an advert that was meant for this instance: counted, and nothing else
    // happens.
    void count_rejected(RejectReason reason) {
        ++status_.counters.rejected[static_cast<std::size_t>(reason)];
    }

    // When the next Tick is due; may be in the past, no_deadline = never.
    std::uint64_t deadline_ns() const;

    // Master_Down is due, but the workers' rx_seen_ns was still before it. deadline_ns() then asks
    // again; tick sooner when the evidence comes sooner.
    bool waiting_for_workers() const { return master_down_.is_waiting(); }

    // How long our ownership may outlive our last advert: no peer's Master_Down_Interval is
    // shorter. A worker gives up when the control lcore's heartbeat is older than this.
    std::uint64_t ownership_lease_ns() const;

    const Settings& settings() const { return *settings_; }
    const Status& status() const { return status_; }
    State state() const { return status_.state; }
    std::uint64_t master_down_interval_ns() const;

  private:
    void on(const Startup& event, Actions& out);
    void on(const Shutdown& event, Actions& out);
    void on(const AdvertReceived& event, Actions& out);
    void on(const Tick& event, Actions& out);
    void on(const FaultChange& event, Actions& out);
    void on(const PriorityChange& event, Actions& out);
    void on(const PreemptHold& event, Actions& out);
    void on(const TakeOver& event, Actions& out);
    void on(const HandOver& event, Actions& out);
    void on(const AddressConflict& event, Actions& out);
    void on(const Reconfigure& event, Actions& out);
    void on(const GroupMaster& event, Actions& out);
    void on(const GroupBackup& event, Actions& out);

    void advert_in_backup(const AdvertReceived& event);
    void advert_in_master(const AdvertReceived& event, Actions& out);
    void tick_in_backup(const Tick& event, Actions& out);
    bool believes_silence(const Tick& event, Actions& out);
    void tick_in_master(Actions& out);

    void start(Reason reason, Actions& out);
    void win(Reason reason, Actions& out);
    void become_master(Reason reason, Actions& out);
    void become_backup(Reason reason, Actions& out);
    void stop(State to, Reason reason, bool can_transmit, Actions& out);
    void change_state(State to, Reason reason, Actions& out);

    bool yields_to(std::uint8_t advertised_priority);
    void learn_master(const AdvertReceived& event);
    void wait_for_master();
    void set_priority(int priority);

    void send(std::uint8_t priority, Actions& out);
    void send_soon(Actions& out);
    void follow_settings(const Settings& old);
    void announce_due(Actions& out);
    void alarm(AlarmKind kind, const net::IpAddress& address, Actions& out,
               const net::MacAddress& claimant = {});

    const Settings* settings_;
    Status status_;
    std::uint64_t now_ns_ = 0;

    // Backup.
    MasterDownTimer master_down_;
    Reason takeover_reason_ = Reason::master_down;

    // Master.
    AdvertTimer advert_timer_;
    Announcing announcing_;
    HandOverTimer hand_over_;

    std::array<std::uint64_t, alarm_kind_count> next_alarm_ns_{};  // not sooner, by AlarmKind
};

}  // namespace warren::vrrp
