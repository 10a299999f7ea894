// SPDX-License-Identifier: BSD-3-Clause
// What the manager asks of a worker's flows: all of them, page by page, or one client's and what a
// SYN of that client would meet.
#pragma once

#include <cstdint>

#include "datapath/packet.h"
#include "datapath/steering.h"
#include "exchange/records.h"
#include "tables/tables.h"

namespace warren::datapath {

class FlowAnswers {
  public:
    FlowAnswers(tables::Tables& tables, const Steering& steering)
        : tables_(tables), steering_(steering) {}

    // A chore: answers one command at a time, as many rows a round as the channel takes.
    void answer(const PollRound& round);

  private:
    static constexpr unsigned rows_per_round = 32;
    static constexpr std::uint32_t looked_at_per_row = 1024;

    void list(const PollRound& round);
    void look_up(const PollRound& round);
    bool next_row(std::uint32_t& from, exchange::FlowRow& row, const PollRound& round) const;
    bool find_row(const flow::Tuple& client_tuple, exchange::FlowRow& row,
                  const PollRound& round) const;
    void preview(const flow::Tuple& client_tuple, exchange::FlowRow& row,
                 const PollRound& round) const;

    tables::Tables& tables_;
    const Steering& steering_;
    exchange::FlowCommand command_;
    bool under_way_ = false;
};

}  // namespace warren::datapath
