// SPDX-License-Identifier: BSD-3-Clause
// Flow sync's part in a worker: tells the sync thread what becomes of the flows whose virtual
// address is ours, and does with the table what the sync thread orders. Nothing without flow_sync.
#pragma once

#include <cstdint>
#include <optional>

#include "exchange/poll_round.h"
#include "exchange/sync_link.h"
#include "tables/tables.h"
#include "worker_sync/installer.h"

namespace warren::worker_sync {

class Mirror {
  public:
    Mirror(tables::Tables& tables, exchange::SyncShared& shared);

    // A chore, bounded. How much it had to do: a worker with more of it must not sleep.
    unsigned work(const PollRound& round);

    // Since it was asked last, there may be flows of servers that are down.
    bool take_doomed() { return installer_.take_doomed(); }

  private:
    static constexpr unsigned commands_per_round = 64;
    static constexpr unsigned looked_at_per_round = 1024;
    static constexpr unsigned said_per_round = 32;
    static constexpr unsigned swept_per_round = 64;
    static constexpr flow::FlowIndex nowhere = flow::no_flow;

    // Goes through the whole table, a part each round.
    struct Walk {
        flow::FlowIndex at = nowhere;  // nowhere: none is under way
        std::uint32_t groups = 0;      // slots of persistence that it has been to, after the flows
        std::uint32_t number = 0;      // 0: of our own
        std::uint16_t router = exchange::Snapshot::no_router;
        std::uint8_t colour = 0;  // of a sweep

        bool is_under_way() const { return at != nowhere; }
        bool is_about(std::uint16_t of) const {
            return router == exchange::Snapshot::no_router || router == of;
        }
    };

    void say_changes(const PollRound& round);
    void say_half_open(const PollRound& round);
    unsigned execute(const PollRound& round);
    void execute(const exchange::SyncCommand& command, const PollRound& round);
    void refuse(std::optional<exchange::SyncRefusal> why, const exchange::SyncCommand& command);
    void say_again(const exchange::SyncCommand& command, const PollRound& round);
    void answer_mark(const PollRound& round);
    unsigned walk(const PollRound& round);
    bool walk_on(const PollRound& round);
    bool say_group(std::uint32_t slot, const PollRound& round);
    unsigned sweep(const PollRound& round);
    unsigned unsettle(const PollRound& round);

    bool speaks_of(std::uint16_t service, const PollRound& round) const;
    bool speaks_of(const flow::Flow& flow, const PollRound& round) const;
    void say_flow(flow::FlowIndex index, std::uint32_t number, const PollRound& round);
    void say(const exchange::SyncEvent& event);
    void owe(const exchange::SyncEvent& event);
    void pay();
    void walk_again();

    tables::Tables& tables_;
    exchange::SyncLink* const link_;
    exchange::SyncShared& shared_;
    Installer installer_;
    Walk walk_;
    Walk sweep_;
    flow::FlowIndex unsettled_ = nowhere;  // how far the walk has come that follows a loss
    std::optional<std::uint32_t> mark_;    // waits for the next round, and a sweep before it
    std::uint32_t offers_seen_ = 0;
    std::optional<exchange::SyncEvent> owed_;  // found no room, and must not be lost
    bool has_said_ = false;
};

}  // namespace warren::worker_sync
