// SPDX-License-Identifier: BSD-3-Clause
// Flow sync's state of each virtual router: whether its flows are known here, whether it may
// preempt, and which alarms hold. Reported to the manager.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "exchange/sync_reports.h"
#include "peer/session_link.h"
#include "sync/preempt_gate.h"

namespace warren::peer {

class SyncStates {
  public:
    using Links = std::span<const std::unique_ptr<SessionLink>>;

    // `capacity`: flows that our tables hold; `key_id`: of the key that signs what we send.
    SyncStates(const sync::PreemptGate::Bounds& bounds, std::uint32_t capacity,
               std::uint32_t key_id, Common& common)
        : bounds_(bounds), capacity_(capacity), key_id_(key_id), common_(common) {}

    // After routers or roles have changed.
    void follow();
    void on_event(const SessionEvent& event, Links links);
    // Timers, and alarms by counters.
    void tick(Links links);
    // For `show sync`.
    void publish(Links links);

  private:
    using Alarm = exchange::SyncReport::Alarm;
    static constexpr std::uint16_t of_no_router = exchange::Snapshot::no_router;

    struct SyncState {
        explicit SyncState(sync::PreemptGate fresh) : gate(fresh) {}

        sync::PreemptGate gate;
        sync::PreemptGate::State reported = sync::PreemptGate::State::held;
        sync::Role role = sync::Role::backup;
        std::optional<bool> equal;                // the last comparison, while a session is up
        std::uint64_t equal_ns = 0;               // when it was last equal
        std::uint64_t resigned_ns = 0;            // when it ceased to be ours; 0: never
        bool follows = false;                     // a peer is, or was when it died, master
        std::uint64_t different_ns = 0;           // since when it is not; 0: it is, or nobody knows
        std::uint64_t both_masters_ns = 0;        // since when
        std::uint64_t refused_ns = 0;             // since when flows of the peer are not taken
        exchange::ConfigDifference difference{};  // the last that was told
        std::size_t facts_sent = 0;       // how far the peer has been told of our configuration
        std::uint64_t next_facts_ns = 0;  // when it is told more
        std::uint64_t next_difference_ns = 0;  // when another one may be told
        std::uint64_t bulk_flows = 0;
        std::uint64_t bulk_ns = 0;
    };

    SyncState* find(const sync::RouterKey& router);
    void change_role(std::uint16_t router, SyncState& state, sync::Role role);
    void look_at(const sync::LocalRouter& router, std::uint16_t index, SyncState& state,
                 Links links);
    void note_masters(Links links);
    void open_gate(std::uint16_t index, SyncState& state);
    void send_facts(const sync::LocalRouter& router, SyncState& state, Links links);
    void on_config_event(const SessionEvent& event, SyncState& state);
    bool is_reported_lately(const SyncState& state) const;
    exchange::SyncStatus status_of(const SessionLink& link) const;
    exchange::SyncStatus status_of(const sync::LocalRouter& router, std::uint16_t index,
                                   const SyncState& state, Links links);
    void watch_peers(Links links);
    // A counter that should not move: an alarm while it does, and for a while after.
    struct Watched {
        std::uint64_t count = 0;
        std::uint64_t last_ns = 0;  // when it last went up; 0: never, or long ago
    };
    void watch(Watched& watched, std::uint64_t count, Alarm alarm, std::uint64_t what = 0);
    bool has_master(const sync::RouterKey& router, Links links) const;
    void lose_peer(Links links);
    bool lasts(std::uint64_t since_ns, std::uint64_t most_ns) const {
        return since_ns != 0 && common_.now_ns - since_ns > most_ns;
    }
    // Keeps since when `is_so` holds; 0: it does not.
    void note_since(std::uint64_t& since_ns, bool is_so) const {
        since_ns = !is_so ? 0 : since_ns == 0 ? common_.now_ns : since_ns;
    }
    // `what`: SyncReport::missing.
    void set_alarm(Alarm alarm, std::uint16_t router, bool on, std::uint64_t what = 0);
    void report(exchange::SyncReport report);
    bool is_in_sync(const sync::LocalRouter& router, const SyncState& state, Links links) const;

    sync::PreemptGate::Bounds bounds_;
    std::uint32_t capacity_;
    std::uint32_t key_id_;
    Common& common_;
    std::map<std::uint16_t, SyncState> states_;  // by router; at most sync::max_routers
    std::map<std::pair<Alarm, std::uint16_t>, bool> alarms_;
    Watched bad_tags_;
    Watched conflicts_;
    bool lossy_ = false;
};

}  // namespace warren::peer
