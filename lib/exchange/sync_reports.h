// SPDX-License-Identifier: BSD-3-Clause
// Flow sync: what the manager and the sync thread tell each other.
#pragma once

#include <array>
#include <cstdint>

#include "exchange/channel.h"
#include "exchange/counters.h"
#include "net/address.h"

namespace warren::exchange {

// `router` is its index in the snapshot, as everywhere.
struct SyncOrder {
    enum class Kind : std::uint8_t {
        hand_over,  // ask the peer to take it over, once it has all that we know of its flows
        taken,      // answers take_over_asked: it is ours now
        refused,    // so does this: it cannot be
        walk,       // tell the peer all flows again (the operator wants it, or a reload)
    };
    Kind kind = Kind::walk;
    std::uint16_t router = 0;
};

// Something that is configured here or at the peer only, or differently.
struct ConfigDifference {
    enum class Side : std::uint8_t { none, ours, peers, both };  // who has it; both: another detail
    enum class What : std::uint8_t { address, service, server, local_address };
    Side side = Side::none;
    What what = What::address;
    net::Be16 port{};  // the virtual_server's
    net::Be16 other_port{};
    net::IpAddress vip{};
    net::IpAddress other{};  // real_server or local address

    friend bool operator==(const ConfigDifference&, const ConfigDifference&) = default;
};

struct SyncReport {
    enum class Kind : std::uint8_t {
        peer_up,
        peer_down,
        hold_preemption,  // until one of the next two: the router's flows may not be known here
        may_preempt,      // the router's flows are known here: preemption need not be held any more
        gave_up,          // the same, though they are not all known: `missing` will break
        asked,            // hand_over, 1: the peer has been asked, all it must know is there
        not_asked,        // it has not: no session, not in sync, or too late
        take_over_asked,  // the peer wants us to be master of it
        answered,         // hand_over, 2: the peer is master now
        not_answered,     // or will not be
        alarm,            // see `alarm`
    };
    enum class Alarm : std::uint8_t {
        none,
        differs,        // the tables, for longer than 5 s
        config,         // the peer's configuration of the router is another one
        key,            // somebody speaks with another key
        version,        // no version of the protocol in common
        capacity,       // the peer's table is smaller than ours
        refused,        // it has not taken some flows
        port_conflict,  // two flows have one server's tuple
        both_masters,
        lossy,              // the link loses more than 5 % of what the peer sends
        unsynced_takeover,  // the router has become ours with a table that was not equal
        count_,
    };
    Kind kind = Kind::alarm;
    Alarm alarm = Alarm::none;
    bool over = false;  // the alarm's cause has gone
    std::uint16_t router = 0;
    // Flows; of unsynced_takeover: ns since the tables were equal; of version: the peer's lowest
    // and highest in a byte each; of key: the ids of the foreign one and of ours, 32 bits each.
    std::uint64_t missing = 0;
    std::uint64_t when_ns = 0;
    ConfigDifference difference{};  // config: the first that is known, if any is
};

// For `show sync`, a few times a second.
struct SyncRouterStatus {
    enum class Role : std::uint8_t { idle, sends, receives };
    std::uint16_t router = 0;
    Role role = Role::idle;
    bool in_sync = false;  // equal when they were last compared, and a peer is there
    bool preempt_held = false;
    bool config_equal = true;
    std::uint64_t flows = 0;       // ours
    std::uint64_t peer_flows = 0;  // at the last comparison
    std::uint64_t equal_ns = 0;    // when they were last found equal; 0: never
    std::uint64_t bulk_flows = 0;  // of the last bulk, and how long it took
    std::uint64_t bulk_ns = 0;
};
struct SyncPeerStatus {
    net::IpAddress address{};
    bool up = false;
    std::uint8_t version = 0;
    std::uint64_t since_ns = 0;
    std::uint64_t round_trip_ns = 0;
    std::uint64_t lag_ns = 0;  // age of the oldest change that the peer has not acknowledged
    std::uint64_t unacknowledged = 0;  // datagrams
    std::uint64_t capacity = 0;        // flows of the peer's table
    std::uint32_t lost_permille = 0;   // of what it sends, lately
};
struct SyncStatus {
    bool is_peer = false;
    SyncPeerStatus peer{};
    SyncRouterStatus router{};
};

// Written by the sync thread, read by the manager.
struct SyncCounters {
    Counter datagrams_in, datagrams_out, bytes_in, bytes_out;
    Counter records_in, records_out, ends_in, ends_out;
    Counter resent, walks, bulks_in, bulks_out, digests, differences;
    Counter bad_tag, bad_version, wrong_boot, replayed, malformed, wrong_ttl;
    Counter unknown_service;
    Counter cpu_ns;
};

inline constexpr auto sync_counters = std::to_array<CounterName<SyncCounters>>({
    {"sync_datagrams_in", &SyncCounters::datagrams_in},
    {"sync_datagrams_out", &SyncCounters::datagrams_out},
    {"sync_bytes_in", &SyncCounters::bytes_in},
    {"sync_bytes_out", &SyncCounters::bytes_out},
    {"records_in", &SyncCounters::records_in},
    {"records_out", &SyncCounters::records_out},
    {"ends_in", &SyncCounters::ends_in},
    {"ends_out", &SyncCounters::ends_out},
    {"resent", &SyncCounters::resent},
    {"walks", &SyncCounters::walks},
    {"bulks_in", &SyncCounters::bulks_in},
    {"bulks_out", &SyncCounters::bulks_out},
    {"digests", &SyncCounters::digests},
    {"differences", &SyncCounters::differences},
    {"bad_tag", &SyncCounters::bad_tag},
    {"bad_version", &SyncCounters::bad_version},
    {"wrong_boot", &SyncCounters::wrong_boot},
    {"replayed", &SyncCounters::replayed},
    {"sync_malformed", &SyncCounters::malformed},
    {"wrong_ttl", &SyncCounters::wrong_ttl},
    {"no_service", &SyncCounters::unknown_service},
    {"sync_cpu_ns", &SyncCounters::cpu_ns},
});
static_assert(sync_counters.size() * sizeof(Counter) == sizeof(SyncCounters),
              "each counter of the sync thread needs its name in sync_counters");

struct SyncReports {
    Channel<SyncOrder> orders{1024};     // manager -> sync thread
    Channel<SyncReport> reports{1024};   // sync thread -> manager
    Channel<SyncStatus> statuses{2048};  // sync thread -> manager
    SyncCounters counters;
};

}  // namespace warren::exchange
