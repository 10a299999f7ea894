// SPDX-License-Identifier: BSD-3-Clause
// What the sync thread has said last of peers and routers, and which alarms stand, each with what
// can be done about it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exchange/sync_reports.h"
#include "model/state.h"

namespace warren::handover {

// Names are the operator's: in the log, `show status` and `show sync`.
enum class Trouble : std::uint8_t {
    sync_down,
    stale,
    differs,
    config,
    key,
    version,
    capacity,
    refused,
    port_conflict,
    lossy,
    both_masters,
    preempt_unsynced,
    takeover_unsynced,
    sync_stalled,
    count_,
};
const char* name(Trouble trouble);
const char* remedy(Trouble trouble);

struct StandingAlarm {
    Trouble trouble = Trouble::sync_down;
    std::uint16_t router = 0;
    std::uint64_t missing = 0;  // see exchange::SyncReport
    std::uint64_t since_ns = 0;
    exchange::ConfigDifference difference{};  // config
};
// Of all routers at once, as the session with the peer itself.
bool is_of_peer(Trouble trouble);
// "only here: real_server 192.168.8.13:5672 of 192.168.8.100:5672"
std::string text(const exchange::ConfigDifference& difference);
// "A: differs: 12 flows"
std::string text(const StandingAlarm& alarm, const model::State& state);

class SyncPicture {
  public:
    static constexpr std::uint64_t stale_ns = 5'000'000'000;
    static constexpr std::size_t most_alarms = 64;

    void take(const exchange::SyncStatus& status);
    // Stands from now on; false: it did already.
    bool raise(Trouble trouble, std::uint16_t router, std::uint64_t missing, std::uint64_t now_ns);
    // What is known of a standing alarm's cause by now.
    void explain(std::uint16_t router, const exchange::ConfigDifference& difference);
    // Does not stand any more; false: it did not.
    bool clear(Trouble trouble, std::uint16_t router);
    void forget(std::uint16_t router);

    const std::vector<exchange::SyncPeerStatus>& peers() const { return peers_; }
    const std::vector<exchange::SyncRouterStatus>& routers() const { return routers_; }
    const std::vector<StandingAlarm>& alarms() const { return alarms_; }
    const exchange::SyncRouterStatus* find(std::uint16_t router) const;

    bool is_peer_up() const;
    bool is_in_sync(std::uint16_t router) const;
    std::uint64_t lag_ns() const;  // the longest of a peer's

  private:
    std::vector<exchange::SyncPeerStatus> peers_;
    std::vector<exchange::SyncRouterStatus> routers_;
    std::vector<StandingAlarm> alarms_;
};

}  // namespace warren::handover
