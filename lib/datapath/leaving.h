// SPDX-License-Identifier: BSD-3-Clause
// A virtual router is another warren's now: the manager hears whose connections it took along. They
// stay in the table for a minute, for it may come back before they have been missed. What nothing
// has been seen of until then is asked for if the router has come back, else forgotten: it would
// count as its server's for hours. What a peer shares the peer takes out.
#pragma once

#include <cstdint>

#include "datapath/packet.h"
#include "exchange/records.h"
#include "tables/tables.h"

namespace warren::datapath {

class Leaving {
  public:
    explicit Leaving(tables::Tables& tables) : tables_(tables) {}

    // A chore: one order at a time, bounded. How many flows it has looked at.
    unsigned tell(const PollRound& round) {
        return under_way_ || !tables_.link.leaves.is_empty() ? go_on(round) : 0;
    }

  private:
    static constexpr std::uint32_t looked_at_per_round = 256;

    static constexpr flow::Tick kept = flow::ticks_of_seconds(60);

    unsigned go_on(const PollRound& round);
    bool is_wanted(const flow::Flow& flow, const PollRound& round) const;
    bool is_shared(const flow::Flow& flow, const PollRound& round) const;

    tables::Tables& tables_;
    exchange::LeaveOrder order_;
    bool under_way_ = false;
    flow::FlowIndex at_ = 0;
};

}  // namespace warren::datapath
