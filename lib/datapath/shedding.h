// SPDX-License-Identifier: BSD-3-Clause
// Resets live flows of a server that goes on serving: all of them by the operator's order, or some
// of them to rebalance its pool, idle ones first, and of them the oldest. Their clients reconnect.
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
    unsigned shed(const PollRound& round) {
        return under_way_ || !tables_.link.sheds.is_empty() ? go_on(round) : 0;
    }

  private:
    // Each flow is a cache miss, so few at a time; and if that many old ones are busy, so are the
    // others.
    static constexpr unsigned looked_at_per_round = 64;
    static constexpr unsigned looked_at_most = 16'384;
    static constexpr unsigned resets_per_round = 64;
    // Without a segment for so long. Heartbeats are further apart, publishers are not.
    static constexpr flow::Tick idle_ticks = flow::ticks_of_seconds(1);

    struct Chosen {
        flow::FlowIndex index = flow::no_flow;
        flow::Tick last_seen = 0;
        bool is_idle = false;
    };

    unsigned go_on(const PollRound& round);
    void begin();
    unsigned shed_all(const PollRound& round);
    unsigned shed_some(const PollRound& round);
    bool has_looked_enough() const;
    void look_at(flow::FlowIndex index, const PollRound& round);
    bool is_listed(flow::FlowIndex index) const;
    bool is_candidate(flow::FlowIndex index) const;
    unsigned most() const;

    tables::Tables& tables_;
    DeadFlows& dead_flows_;
    exchange::ShedOrder order_;
    bool under_way_ = false;
    flow::FlowIndex at_ = flow::no_flow;  // from the oldest to younger ones
    unsigned looked_at_ = 0;
    std::array<Chosen, exchange::shed_most> chosen_{};
    unsigned found_ = 0;
};

}  // namespace warren::datapath
