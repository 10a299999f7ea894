// SPDX-License-Identifier: BSD-3-Clause
// Ends idle flows: first keepalive probes to both ends, then RST to both if they do not answer.
#pragma once

#include <cstdint>
#include <optional>

#include "datapath/emit.h"
#include "datapath/half_open.h"
#include "datapath/packet.h"
#include "tables/tables.h"

namespace warren::datapath {

class Ageing {
  public:
    Ageing(tables::Tables& tables, Emitter& emitter, HalfOpen& half_open)
        : tables_(tables), emitter_(emitter), half_open_(half_open) {}

    // Chores, each bounded: takes the idle timeouts from the snapshot; handles flows that are due.
    void take_timeouts(const PollRound& round) {
        if (timeouts_generation_ != round.snapshot->generation) take_timeouts(*round.snapshot);
    }
    void age(const PollRound& round) {
        if (round.tick != aged_) look_at_due(round);
    }

  private:
    static constexpr unsigned flows_per_round = 64;

    void take_timeouts(const exchange::Snapshot& snapshot);
    void look_at_due(const PollRound& round);
    std::optional<flow::Tick> on_due(flow::FlowIndex index, const PollRound& round);
    std::optional<flow::Tick> probe(flow::FlowIndex index, const PollRound& round);
    void end(const flow::Flow& flow, const flow::Carried& bytes, const PollRound& round);

    tables::Tables& tables_;
    Emitter& emitter_;
    HalfOpen& half_open_;
    std::uint64_t timeouts_generation_ = 0;
    std::uint64_t aged_ = ~std::uint64_t{0};  // the tick whose flows have all been looked at
};

}  // namespace warren::datapath
