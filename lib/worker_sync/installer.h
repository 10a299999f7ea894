// SPDX-License-Identifier: BSD-3-Clause
// Puts the peer's records into a worker's table, or keeps what is there. A backup takes each; a
// master takes flows that it does not have, and replaces those it has from the peer alone and has
// forwarded nothing of (flow/unsure.h).
#pragma once

#include <cstdint>
#include <optional>

#include "exchange/poll_round.h"
#include "exchange/sync_link.h"
#include "tables/tables.h"

namespace warren::worker_sync {

using exchange::PollRound;

class Installer {
  public:
    explicit Installer(tables::Tables& tables) : tables_(tables) {}

    // Why the record was refused; nothing: it was taken, or our own flow has precedence.
    std::optional<exchange::SyncRefusal> install(const exchange::SyncCommand& command,
                                                 const PollRound& round);
    // The flow lives in another worker here: its client's segments are redirected there.
    std::optional<exchange::SyncRefusal> put_up_signpost(const exchange::SyncCommand& command,
                                                         const PollRound& round);
    // The peer's flow has ended.
    void end(const flow::Flow& flow, const PollRound& round);

    // A persistence entry of clients that have no flow. One that names no server of ours is
    // dropped: its clients are scheduled.
    void install_persistence(const exchange::SyncCommand& command, const PollRound& round);

    // Whether since the last call a flow came whose server is down: its client needs a RST.
    bool take_dead_flows() { return std::exchange(has_dead_flows_, false); }

  private:
    using Refusal = std::optional<exchange::SyncRefusal>;

    Refusal put(const flow::Flow& flow, const PollRound& round);
    Refusal make_room(const flow::Flow& flow, const PollRound& round);
    Refusal add(const flow::Flow& flow, const PollRound& round);
    void update(flow::FlowIndex index, const flow::Flow& flow, const PollRound& round);
    bool peer_decides(const flow::Flow& flow, const PollRound& round) const;

    tables::Tables& tables_;
    bool has_dead_flows_ = false;
};

// Which flow it is, on any machine (flow::identity_hash()).
bool is_same(const flow::Flow& a, const flow::Flow& b);

}  // namespace warren::worker_sync
