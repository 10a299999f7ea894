// SPDX-License-Identifier: BSD-3-Clause
// A virtual router is another warren's now: the manager hears whose connections it took along. They
// stay in the table, for it may come back before they have been missed.
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
    unsigned tell(const PollRound& round);

  private:
    static constexpr std::uint32_t looked_at_per_round = 256;

    bool is_wanted(const flow::Flow& flow, const PollRound& round) const;

    tables::Tables& tables_;
    exchange::LeaveOrder order_;
    bool under_way_ = false;
    flow::FlowIndex at_ = 0;
};

}  // namespace warren::datapath
