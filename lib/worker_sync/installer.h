// SPDX-License-Identifier: BSD-3-Clause
// Takes the peer's records into a worker's table, or not: whose word counts. A backup takes each;
// a master takes what it does not have, and what it has only from the peer and nobody has been
// served by yet.
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

    // What became of a record that was refused.
    std::optional<exchange::SyncRefusal> install(const exchange::SyncCommand& command,
                                                 const PollRound& round);
    // The same flow, of another worker: what its client sends is shown the way.
    std::optional<exchange::SyncRefusal> put_up_signpost(const exchange::SyncCommand& command,
                                                         const PollRound& round);
    // The peer's flow has ended.
    void end(const flow::Flow& flow, const PollRound& round);

    // A group of clients without flows is sent to that server. One that cannot be is scheduled
    // anew.
    void bind(const exchange::SyncCommand& command, const PollRound& round);

    // A flow came whose server is to be reset, and whose client hears it from us.
    bool take_doomed() { return std::exchange(has_doomed_, false); }

  private:
    using Refusal = std::optional<exchange::SyncRefusal>;

    Refusal put(const flow::Flow& flow, const PollRound& round);
    Refusal make_room(const flow::Flow& flow, const PollRound& round);
    Refusal add(const flow::Flow& flow, const PollRound& round);
    void renew(flow::FlowIndex index, const flow::Flow& flow, const PollRound& round);
    bool yields(const flow::Flow& flow, const PollRound& round) const;

    tables::Tables& tables_;
    bool has_doomed_ = false;
};

// Which flow it is, on any machine (flow::identity_hash()).
bool is_same(const flow::Flow& a, const flow::Flow& b);

}  // namespace warren::worker_sync
