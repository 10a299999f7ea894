// SPDX-License-Identifier: BSD-3-Clause
// Retries a SYN at another server when its server refuses it, stays silent or is declared down,
// before the client notices. In DR and TUN we do not see the server's answers: there it takes a
// server that is down, or the client's own retransmission.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "datapath/admission.h"
#include "datapath/emit.h"
#include "datapath/packet.h"
#include "exchange/worker_link.h"
#include "flow/syn_offer.h"
#include "tables/tables.h"

namespace warren::datapath {

class HalfOpen {
  public:
    // How long a SYN may stay unanswered when no other server can take it.
    static constexpr std::uint32_t give_up_us = 3'000'000;

    HalfOpen(const exchange::Exchange& exchange, tables::Tables& tables, Emitter& emitter,
             Admission& admission)
        : exchange_(exchange),
          tables_(tables),
          emitter_(emitter),
          admission_(admission),
          answered_(exchange::max_servers) {}

    // Sends the SYN to another server. False: there is none; nothing was changed or sent.
    bool replay(flow::FlowIndex index, exchange::FlowEventKind why, const PollRound& round);

    // A server's answer to a SYN, if it is not SYN-ACK. nullopt: forward it unchanged.
    std::optional<Verdict> answer(Packet& packet, const PollRound& round, flow::FlowIndex index);

    // Ageing has come to a half-open flow. Returns when to look again, or nullopt: give up.
    std::optional<flow::Tick> on_due(flow::FlowIndex index, const PollRound& round);

    // DR and TUN: the client has repeated its SYN, which may go to another server.
    void leave_silent_server(flow::FlowIndex index, const PollRound& round);
    // DR and TUN: the client's ACK shows that the server has answered a SYN.
    void note_answer(std::uint16_t server, const PollRound& round) {
        answered_[server] = round.tick;
    }

  private:
    bool move_elsewhere(flow::FlowIndex index, exchange::FlowEventKind why, const PollRound& round);
    static flow::SynOptions offer_to(const exchange::Server& server, flow::Flow& flow,
                                     const PollRound& round);
    static net::TcpSegment syn_of(const flow::Flow& flow, net::ConstBytes options);

    const exchange::Exchange& exchange_;
    tables::Tables& tables_;
    Emitter& emitter_;
    Admission& admission_;
    std::vector<flow::Tick> answered_;  // DR, TUN: when each server last answered a SYN
};

}  // namespace warren::datapath
