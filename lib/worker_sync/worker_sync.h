// SPDX-License-Identifier: BSD-3-Clause
// Flow sync's part in a worker: sends the sync thread events about the flows of virtual addresses
// that are ours, and executes its commands on the flow table. Does nothing without flow_sync.
#pragma once

#include <cstdint>
#include <optional>

#include "exchange/poll_round.h"
#include "exchange/sync_link.h"
#include "tables/tables.h"
#include "worker_sync/installer.h"

namespace warren::worker_sync {

class WorkerSync {
  public:
    WorkerSync(tables::Tables& tables, exchange::SyncShared& shared);

    // A bounded chore of each round. Returns how much it had to do: 0 lets the worker sleep.
    unsigned work(const PollRound& round);

    // Whether since the last call flows of servers that are down may have come: they need RSTs.
    bool take_dead_flows() { return installer_.take_dead_flows(); }

  private:
    static constexpr unsigned commands_per_round = 64;
    static constexpr unsigned looked_at_per_round = 1024;
    static constexpr unsigned sent_per_round = 32;
    static constexpr unsigned swept_per_round = 64;
    static constexpr flow::FlowIndex nowhere = flow::no_flow;

    // A pass over the whole table, a part of it each round.
    struct Walk {
        flow::FlowIndex at = nowhere;  // nowhere: none is under way
        std::uint32_t groups = 0;      // slots of the persistence table done, after the flows
        std::uint32_t number = 0;      // 0: of our own
        std::uint16_t router = exchange::Snapshot::no_router;
        std::uint8_t colour = 0;  // of a sweep

        bool is_under_way() const { return at != nowhere; }
        bool is_about(std::uint16_t of) const {
            return router == exchange::Snapshot::no_router || router == of;
        }
    };

    void send_changes(const PollRound& round);
    void send_half_open(const PollRound& round);
    unsigned execute(const PollRound& round);
    void execute(const exchange::SyncCommand& command, const PollRound& round);
    void refuse(std::optional<exchange::SyncRefusal> why, const exchange::SyncCommand& command);
    void send_again(const exchange::SyncCommand& command, const PollRound& round);
    void answer_mark(const PollRound& round);
    unsigned walk(const PollRound& round);
    bool walk_step(const PollRound& round);
    bool send_group(std::uint32_t slot, const PollRound& round);
    unsigned sweep(const PollRound& round);
    unsigned mark_untouched(const PollRound& round);

    bool syncs(std::uint16_t service, const PollRound& round) const;
    bool syncs(const flow::Flow& flow, const PollRound& round) const;
    void send_flow(flow::FlowIndex index, std::uint32_t number, const PollRound& round);
    void send(const exchange::SyncEvent& event);
    void reply(const exchange::SyncEvent& event);
    void retry_reply();
    void restart_walk();

    tables::Tables& tables_;
    exchange::SyncLink* const link_;
    exchange::SyncShared& shared_;
    Installer installer_;
    Walk walk_;
    Walk sweep_;
    flow::FlowIndex untouched_until_ = nowhere;  // how far the walk has come that follows a loss
    std::optional<std::uint32_t> mark_;          // waits for the next round, and a sweep before it
    std::uint32_t offers_seen_ = 0;
    std::optional<exchange::SyncEvent> unsent_reply_;  // found no room, and must not be lost
    bool has_sent_ = false;
};

}  // namespace warren::worker_sync
