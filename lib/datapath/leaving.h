// SPDX-License-Identifier: BSD-3-Clause
// A virtual router has become another machine's: reports its flows to the manager and keeps them
// for a minute, as the router may come back soon. Flows without traffic until then are probed if it
// has come back, else removed: they would count as their server's for hours. Synced flows are left
// to the peer, which reports their ends.
#pragma once

#include <cstdint>

#include "datapath/packet.h"
#include "exchange/records.h"
#include "tables/tables.h"

namespace warren::datapath {

class Leaving {
  public:
    explicit Leaving(tables::Tables& tables) : tables_(tables) {}

    // A chore: one order at a time, bounded. Returns how many flows were looked at.
    unsigned run(const PollRound& round) {
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
