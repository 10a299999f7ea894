// SPDX-License-Identifier: BSD-3-Clause
// The flows of a server that is down: RST to both ends of each, then a stub that answers what they
// still send.
#pragma once

#include <cstdint>

#include "datapath/emit.h"
#include "datapath/half_open.h"
#include "datapath/packet.h"
#include "tables/tables.h"

namespace warren::datapath {

class DeadFlows {
  public:
    DeadFlows(tables::Tables& tables, Emitter& emitter, HalfOpen& half_open)
        : tables_(tables), emitter_(emitter), half_open_(half_open) {}

    // A chore, bounded. How many RSTs it took.
    unsigned reset(const PollRound& round);

    // Ends a flow whose server lives: RST to its client now, to the server in one of the next
    // reset(). A client without an answer yet is sent to another server instead.
    void give_up(flow::FlowIndex index, exchange::EndCause cause, const PollRound& round) {
        reset_client(index, cause, round);
        look_again();
    }
    // There may be more of them, though the snapshot is the same.
    void look_again() { swept_generation_ = 0; }
    bool is_full() const { return emitter_.is_full(); }

    // A segment of a dead flow: three answers a side, then silence.
    Verdict answer(Packet& packet, flow::Flow& flow, flow::Side from);

  private:
    static constexpr unsigned resets_per_round = 64;

    void reset_client(flow::FlowIndex index, exchange::EndCause cause, const PollRound& round);

    tables::Tables& tables_;
    Emitter& emitter_;
    HalfOpen& half_open_;
    std::uint64_t swept_generation_ = 0;  // snapshot whose dead servers have no flows left
};

}  // namespace warren::datapath
