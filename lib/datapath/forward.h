// SPDX-License-Identifier: BSD-3-Clause
// Forwards TCP segments of flows: from clients to their servers and back. New flows, half-open ones
// and dead ones are handled by admission.h, half_open.h and dead_flows.h.
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
#include "tables/tables.h"
#include "worker_sync/deferral.h"

namespace warren::datapath {

class Forwarder {
  public:
    Forwarder(tables::Tables& tables, Emitter& emitter, const Steering& steering,
              Admission& admission, HalfOpen& half_open, DeadFlows& dead_flows, IcmpRelay& icmp,
              worker_sync::Deferral& deferral)
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

    // Two stages of a burst: hash the tuple and prefetch its bucket; then prefetch the flow.
    void prefetch(Packet& packet) const;
    void prefetch_flow(Packet& packet) const;

    // A segment from a client to a virtual_server.
    Verdict to_service(Packet& packet, const PollRound& round);
    // A segment to an owned address, but to no virtual_server: a server's reply, or unknown.
    Verdict to_local(Packet& packet, const PollRound& round);
    // A segment of a virtual router that we have just handed over.
    Verdict forward_in_grace(Packet& packet, const PollRound& round);
    // A segment of a NAT server, whose gateway we are, to a client.
    Verdict from_nat_server(Packet& packet, const PollRound& round);

    // The segment that changes a flow's state.
    struct Change {
        flow::Side from;
        std::uint8_t flags;
        std::uint32_t syn_sent_us = 0;  // when the state was syn_sent
    };
    // Sets the state, with all that follows: counters, events to the manager, persistence.
    void change_state(flow::FlowIndex index, flow::TcpState after, const PollRound& round,
                      const Change& change);

    // A chore, bounded: a client or its gateway has a new MAC, and its flows follow before it has
    // sent anything itself. Returns how many flows were looked at.
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
    worker_sync::Deferral& deferral_;
    exchange::NextHopMove move_;
    flow::FlowIndex move_at_ = flow::no_flow;  // next flow of the walk for move_
};

}  // namespace warren::datapath
