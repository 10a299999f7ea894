// SPDX-License-Identifier: BSD-3-Clause
// How each virtual router stands with the peer: whether its flows are known here, whether it may
// preempt already, and what an operator should hear. Told to the manager.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "exchange/sync_reports.h"
#include "peer/session_link.h"
#include "sync/preempt_gate.h"

namespace warren::peer {

class Standings {
  public:
    using Links = std::span<const std::unique_ptr<SessionLink>>;

    // `capacity`: flows that our tables hold; `key_id`: of the key that signs what we send.
    Standings(const sync::PreemptGate::Bounds& bounds, std::uint32_t capacity, std::uint32_t key_id,
              Common& common)
        : bounds_(bounds), capacity_(capacity), key_id_(key_id), common_(common) {}

    // After routers or roles have changed.
    void follow();
    void heard(const News& news, Links links);
    // What time and counters make of it.
    void tick(Links links);
    // For `show sync`.
    void publish(Links links);

  private:
    using Alarm = exchange::SyncReport::Alarm;
    static constexpr std::uint16_t of_no_router = exchange::Snapshot::no_router;

    struct Standing {
        explicit Standing(sync::PreemptGate fresh) : gate(fresh) {}

        sync::PreemptGate gate;
        sync::PreemptGate::State told = sync::PreemptGate::State::held;
        sync::Role role = sync::Role::backup;
        std::optional<bool> equal;                // the last comparison, while a session is up
        std::uint64_t equal_ns = 0;               // when it was last equal
        std::uint64_t resigned_ns = 0;            // when it ceased to be ours; 0: never
        bool follows = false;                     // a peer is master of it, or was when it died
        std::uint64_t different_ns = 0;           // since when it is not; 0: it is, or nobody knows
        std::uint64_t both_masters_ns = 0;        // since when
        std::uint64_t refused_ns = 0;             // since when flows of the peer are not taken
        exchange::ConfigDifference difference{};  // the last that was told
        std::size_t told_facts = 0;       // how far the peer has been told of our configuration
        std::uint64_t next_facts_ns = 0;  // when it is told more
        std::uint64_t next_difference_ns = 0;  // when another one may be told
        std::uint64_t bulk_flows = 0;
        std::uint64_t bulk_ns = 0;
    };

    Standing* find(const sync::RouterKey& router);
    void change_role(std::uint16_t router, Standing& standing, sync::Role role);
    void look_at(const sync::LocalRouter& router, std::uint16_t index, Standing& standing,
                 Links links);
    void note_masters(Links links);
    void open_gate(std::uint16_t index, Standing& standing);
    void send_facts(const sync::LocalRouter& router, Standing& standing, Links links);
    void heard_of_config(const News& news, Standing& standing);
    bool is_still_told(const Standing& standing) const;
    exchange::SyncStatus status_of(const SessionLink& link) const;
    exchange::SyncStatus status_of(const sync::LocalRouter& router, std::uint16_t index,
                                   const Standing& standing, Links links);
    void watch_peers(Links links);
    // A counter that must stand still: since when it does, is an alarm for a while.
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
    // When it began, if it is so now.
    void note_since(std::uint64_t& since_ns, bool is_so) const {
        since_ns = !is_so ? 0 : since_ns == 0 ? common_.now_ns : since_ns;
    }
    // `what`: SyncReport::missing.
    void set_alarm(Alarm alarm, std::uint16_t router, bool on, std::uint64_t what = 0);
    void report(exchange::SyncReport report);
    bool is_in_sync(const sync::LocalRouter& router, const Standing& standing, Links links) const;

    sync::PreemptGate::Bounds bounds_;
    std::uint32_t capacity_;
    std::uint32_t key_id_;
    Common& common_;
    std::map<std::uint16_t, Standing> standings_;  // by router; at most sync::max_routers
    std::map<std::pair<Alarm, std::uint16_t>, bool> alarms_;
    Watched bad_tags_;
    Watched conflicts_;
    bool lossy_ = false;
};

}  // namespace warren::peer
