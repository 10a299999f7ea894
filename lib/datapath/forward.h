// SPDX-License-Identifier: BSD-3-Clause
// TCP of our services on its way through a worker: from a client to its server and back. What is
// not of a flow yet, or not any more, is another class's (admission.h, half_open.h, dead_flows.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "datapath/admission.h"
#include "datapath/dead_flows.h"
#include "datapath/emit.h"
#include "datapath/half_open.h"
#include "datapath/icmp_relay.h"
#include "datapath/packet.h"
#include "datapath/steering.h"
#include "mirror/deferral.h"
#include "tables/tables.h"

namespace warren::datapath {

class Forwarder {
  public:
    Forwarder(tables::Tables& tables, Emitter& emitter, const Steering& steering,
              Admission& admission, HalfOpen& half_open, DeadFlows& dead_flows, IcmpRelay& icmp,
              mirror::Deferral& deferral)
        : tables_(tables),
          flows_(tables.flows),
          servers_(tables.link.servers),
          emitter_(emitter),
          steering_(steering),
          admission_(admission),
          half_open_(half_open),
          dead_flows_(dead_flows),
          icmp_(icmp),
          deferral_(deferral) {}

    // Two stages for a whole burst: hash the tuple and fetch its bucket, then fetch the flow.
    void prefetch(Packet& packet) const;
    void prefetch_flow(Packet& packet) const;

    // A segment from a client to a virtual_server.
    Verdict to_service(Packet& packet, const PollRound& round);
    // A segment to a local address: a server's, or one that nobody serves.
    Verdict to_local(Packet& packet, const PollRound& round);
    // A segment of a virtual router that we have handed over.
    Verdict in_afterglow(Packet& packet, const PollRound& round);
    // A segment of a NAT server, whose gateway we are, to a client.
    Verdict from_nat_server(Packet& packet, const PollRound& round);

    // What a segment was that has changed its flow's state.
    struct Change {
        flow::Side from;
        std::uint8_t flags;
        std::uint32_t syn_sent_us = 0;  // when the state was syn_sent
    };
    // Who counts and hears of it.
    void change_state(flow::FlowIndex index, flow::TcpState after, const PollRound& round,
                      const Change& change);

    // A chore, bounded: a client or its gateway has another MAC, so its flows go there before it
    // has sent anything itself. How many flows it has looked at.
    unsigned follow_moves() {
        return move_at_ != flow::no_flow || !tables_.link.moves.is_empty() ? move_flows() : 0;
    }

  private:
    flow::FlowTable::Hit find(const Packet& packet) const;
    Verdict refuse_stray(Packet& packet, const PollRound& round);
    unsigned owner_of(const Packet& packet, const PollRound& round) const;
    static constexpr std::uint32_t moving_per_round = 512;

    unsigned move_flows();
    Verdict forward(Packet& packet, const PollRound& round, flow::FlowIndex index, flow::Side from);
    Verdict pass(Packet& packet, const PollRound& round, flow::FlowIndex index, flow::Side from);
    Verdict open(Packet& packet, const PollRound& round, flow::FlowIndex index);
    Verdict deferred(Packet& packet, const Verdict& verdict, flow::FlowIndex index,
                     const PollRound& round);
    Verdict answer_of_server(Packet& packet, const PollRound& round, flow::FlowIndex index);
    Verdict answer_without(Packet& packet, const PollRound& round, flow::FlowIndex index,
                           flow::Side from);
    void note_segment(const Packet& packet, const PollRound& round, flow::FlowIndex index,
                      flow::Side from);
    static void prepare_syn(Packet& packet, flow::Flow& flow);
    Verdict introduce(Packet& packet, const PollRound& round, flow::FlowIndex index,
                      flow::Side from);
    std::optional<Verdict> send_header(Packet& packet, const PollRound& round,
                                       const flow::Flow& flow, const net::ProxyHeader& header);
    void await_header(Packet& packet, flow::FlowIndex index);
    Verdict send_to_server(Packet& packet, const PollRound& round, flow::Flow& flow);
    Verdict send_to_client(Packet& packet, const PollRound& round, const flow::Flow& flow);

    tables::Tables& tables_;
    flow::FlowTable& flows_;
    const std::span<exchange::ServerCounters> servers_;
    Emitter& emitter_;
    const Steering& steering_;
    Admission& admission_;
    HalfOpen& half_open_;
    DeadFlows& dead_flows_;
    IcmpRelay& icmp_;
    mirror::Deferral& deferral_;
    exchange::NextHopMove move_;
    flow::FlowIndex move_at_ = flow::no_flow;  // how far its walk has come
};

}  // namespace warren::datapath
