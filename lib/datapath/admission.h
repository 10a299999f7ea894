// SPDX-License-Identifier: BSD-3-Clause
// Admits a SYN without a flow: chooses a server, a local address and port, and an initial sequence
// number. Rare beside forwarding, so kept out of its code.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "datapath/emit.h"
#include "datapath/packet.h"
#include "exchange/worker_link.h"
#include "tables/tables.h"

namespace warren::datapath {

class Admission {
  public:
    Admission(const tables::FlowOptions& options, const exchange::Exchange& exchange,
              tables::Tables& tables, Emitter& emitter)
        : isn_key_(options.secrets.isn_key),
          isn_clock_ns_(options.secrets.isn_clock_ns),
          exchange_(exchange),
          tables_(tables),
          emitter_(emitter) {}

    // The new flow, whose SYN is still to be forwarded; or no_flow and the verdict that refuses it.
    struct Outcome {
        flow::FlowIndex flow = flow::no_flow;
        Verdict verdict{};
    };
    Outcome admit(Packet& packet, const PollRound& round);

    // Sets what depends on the server of a SYN: its address and port, the local ones, and in FNAT
    // the initial sequence number that it sees. False: no free local port.
    bool begin_attempt(flow::Flow& flow, std::uint16_t server_id, std::uint32_t client_isn,
                       const PollRound& round);

  private:
    // Begins with a server that takes it; or why there is none.
    std::optional<exchange::Drop> find_server(flow::Flow& flow, std::uint32_t client_isn,
                                              const PollRound& round);
    void recycle(flow::FlowIndex index, const PollRound& round);
    bool recycle_slow_ones(std::uint16_t service, const PollRound& round);
    bool choose_source(flow::Flow& flow, const exchange::Service& service, const PollRound& round);
    bool choose_local_port(flow::Flow& flow, const exchange::Service& service,
                           const PollRound& round);
    unsigned entry_of(const flow::Flow& flow, const exchange::Service& service) const;
    Outcome turn_away(Packet& packet, exchange::Drop reason);

    const std::array<std::uint64_t, 2> isn_key_;
    const std::uint64_t isn_clock_ns_;
    const exchange::Exchange& exchange_;
    tables::Tables& tables_;
    Emitter& emitter_;
    std::size_t next_local_address_ = 0;
};

}  // namespace warren::datapath
