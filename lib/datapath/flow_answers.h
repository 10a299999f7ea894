// SPDX-License-Identifier: BSD-3-Clause
// The manager's commands about a worker's flows: list those of a filter page by page, count or
// reset them; or find one client's flow and say which server a SYN of that client would get.
#pragma once

#include <cstdint>

#include "datapath/dead_flows.h"
#include "datapath/packet.h"
#include "datapath/steering.h"
#include "exchange/records.h"
#include "tables/tables.h"

namespace warren::datapath {

class FlowAnswers {
  public:
    FlowAnswers(tables::Tables& tables, const Steering& steering, DeadFlows& dead_flows)
        : tables_(tables), steering_(steering), dead_flows_(dead_flows) {}

    // A chore: one command at a time, as many rows a round as the channel takes. Not 0 while there
    // is more to do.
    unsigned answer(const PollRound& round) {
        return under_way_ || !tables_.link.commands.is_empty() ? go_on(round) : 0;
    }

  private:
    static constexpr unsigned rows_per_round = 32;
    static constexpr std::uint32_t looked_at_per_round = 1024;
    static constexpr unsigned resets_per_round = 64;

    unsigned go_on(const PollRound& round);
    unsigned list(const PollRound& round);
    unsigned tally(const PollRound& round);
    void look_up(const PollRound& round);
    std::uint32_t end_of_round() const;
    bool next_row(std::uint32_t& from, std::uint32_t end, exchange::FlowRow& row,
                  const PollRound& round) const;
    bool find_row(const flow::Tuple& client_tuple, exchange::FlowRow& row,
                  const PollRound& round) const;
    void preview(const flow::Tuple& client_tuple, exchange::FlowRow& row,
                 const PollRound& round) const;

    tables::Tables& tables_;
    const Steering& steering_;
    DeadFlows& dead_flows_;
    exchange::FlowCommand command_;
    std::uint32_t count_ = 0;  // of a tally
    bool under_way_ = false;
};

}  // namespace warren::datapath
