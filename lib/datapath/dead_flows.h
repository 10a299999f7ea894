// SPDX-License-Identifier: BSD-3-Clause
// Flows of a server that is down: RST to both ends of each, then a stub that answers late segments.
// An end whose sequence numbers are unsure is probed as well (flow/probe.h): its answer has them,
// and the stub's RST is exact.
#pragma once

#include <cstdint>
#include <vector>

#include "datapath/emit.h"
#include "datapath/half_open.h"
#include "datapath/packet.h"
#include "tables/tables.h"

namespace warren::datapath {

class DeadFlows {
  public:
    DeadFlows(tables::Tables& tables, Emitter& emitter, HalfOpen& half_open)
        : tables_(tables),
          emitter_(emitter),
          half_open_(half_open),
          asked_(tables.is_synced() ? asked_max : 0) {}

    // A chore, bounded. Returns how many RSTs were sent.
    unsigned reset(const PollRound& round) {
        if (asked_begin_ != asked_end_) ask_again(round);
        return swept_generation_ != round.snapshot->generation ? sweep(round) : 0;
    }

    // Ends a flow of a live server: RST to its client now, to the server in one of the next reset()
    // calls. A half-open flow moves to another server instead.
    void give_up(flow::FlowIndex index, exchange::EndCause cause, const PollRound& round) {
        reset_client(index, cause, round);
        look_again();
    }
    // There may be more to reset, though the snapshot is the same.
    void look_again() { swept_generation_ = 0; }
    bool is_full() const { return emitter_.is_full(); }

    // A segment of a dead flow: three answers a side, then silence.
    Verdict answer(Packet& packet, flow::Flow& flow, flow::Side from);

  private:
    static constexpr unsigned resets_per_round = 64;

    // A stub that was asked for its numbers.
    struct Asked {
        flow::FlowIndex index = flow::no_flow;
        flow::Tick died = 0;
        flow::Tick due = 0;
        unsigned times = 0;
    };
    static constexpr std::uint32_t asked_max = 4096;

    unsigned sweep(const PollRound& round);
    void reset_client(flow::FlowIndex index, exchange::EndCause cause, const PollRound& round);
    void reset_server(flow::FlowIndex index, const PollRound& round);
    void ask(const Asked& asked, const PollRound& round);
    void ask_again(const PollRound& round);

    tables::Tables& tables_;
    Emitter& emitter_;
    HalfOpen& half_open_;
    std::vector<Asked> asked_;  // a ring, the first due first; empty without flow sync
    std::uint32_t asked_begin_ = 0;
    std::uint32_t asked_end_ = 0;
    std::uint64_t swept_generation_ = 0;  // snapshot whose dead servers have no flows left
};

}  // namespace warren::datapath
