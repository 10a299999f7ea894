// SPDX-License-Identifier: BSD-3-Clause
// Gives up live flows of a server that goes on serving: all of them by an order, or so many of the
// longest idle when a pool is evened out. Their clients get RST and come back as new flows.
#pragma once

#include <array>
#include <cstdint>

#include "datapath/dead_flows.h"
#include "datapath/packet.h"
#include "exchange/records.h"
#include "tables/tables.h"

namespace warren::datapath {

class Shedding {
  public:
    Shedding(tables::Tables& tables, DeadFlows& dead_flows)
        : tables_(tables), dead_flows_(dead_flows) {}

    // A chore: one order at a time, bounded. Returns how many flows it has reset.
    unsigned shed(const PollRound& round);

  private:
    static constexpr std::uint32_t looked_at_per_round = 256;
    static constexpr unsigned resets_per_round = 64;

    struct Idle {
        flow::FlowIndex index = flow::no_flow;
        flow::Tick last_seen = 0;
    };

    unsigned shed_all(const PollRound& round);
    unsigned shed_idlest(const PollRound& round);
    void look_at(flow::FlowIndex index, const PollRound& round);
    bool is_candidate(flow::FlowIndex index) const;

    tables::Tables& tables_;
    DeadFlows& dead_flows_;
    exchange::ShedOrder order_;
    bool under_way_ = false;
    flow::FlowIndex at_ = 0;
    // The longest idle ones so far, the longest first.
    std::array<Idle, exchange::shed_most> idlest_{};
    unsigned found_ = 0;
};

}  // namespace warren::datapath
