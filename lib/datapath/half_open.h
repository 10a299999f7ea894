// SPDX-License-Identifier: BSD-3-Clause
// A SYN whose server refuses it, says nothing, or is declared down goes to another server before
// the client notices. In DR and TUN we do not see what the server answers: there it takes a server
// that is down, or the client's own retransmission.
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
    // How long a server may leave a SYN unanswered before the client gives up on it, when no other
    // server can take it.
    static constexpr std::uint32_t give_up_us = 3'000'000;

    HalfOpen(const exchange::Exchange& exchange, tables::Tables& tables, Emitter& emitter,
             Admission& admission)
        : exchange_(exchange),
          tables_(tables),
          emitter_(emitter),
          admission_(admission),
          answered_(exchange::max_servers) {}

    // Another server gets the SYN. False: there is none, nothing changed and nothing was sent.
    bool replay(flow::FlowIndex index, exchange::FlowEventKind why, const PollRound& round);

    // What a server says to a SYN, other than SYN-ACK. None: it is forwarded as it is.
    std::optional<Verdict> answer(Packet& packet, const PollRound& round, flow::FlowIndex index);

    // The wheel has come to a half-open flow: when to look again, or nothing when the client is to
    // hear that nobody answers.
    std::optional<flow::Tick> on_due(flow::FlowIndex index, const PollRound& round);

    // DR and TUN: the client's SYN has come again, and may go to another server.
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
