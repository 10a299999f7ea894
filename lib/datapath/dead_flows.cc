// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/dead_flows.h"

#include "flow/sequence.h"
#include "net/build.h"

namespace warren::datapath {

using exchange::Drop;
using exchange::EndCause;
using exchange::FlowEventKind;
using flow::Side;
using flow::TcpState;

// All clients first, who may be many and wait; then the servers, who are dead. Stops where the port
// takes no more: a RST that is lost leaves its client hanging.
unsigned DeadFlows::reset(const PollRound& round) {
    const auto& servers = round.snapshot->servers;
    if (swept_generation_ == round.snapshot->generation) return 0;
    unsigned budget = resets_per_round;
    for (std::uint16_t id = 0; id < servers.size() && budget != 0; ++id) {
        const exchange::ServerState state = servers[id].state;
        if (state == exchange::ServerState::up || state == exchange::ServerState::drain) continue;
        const EndCause cause =
            state == exchange::ServerState::down ? EndCause::server_down : EndCause::admin;
        for (; budget != 0 && !emitter_.is_full(); --budget) {
            const flow::FlowIndex index = tables_.flows.servers().first(id);
            if (index == flow::no_flow) break;
            reset_client(index, cause, round);
        }
    }
    for (; budget != 0 && !emitter_.is_full(); --budget) {
        const flow::FlowIndex index = tables_.flows.servers().first_to_reset();
        if (index == flow::no_flow) break;
        tables_.flows.servers().set_reset(index);
        emitter_.send_resets(tables_.flows[index], Side::server, round);
    }
    if (budget != 0 && !emitter_.is_full()) swept_generation_ = round.snapshot->generation;
    return resets_per_round - budget;
}

void DeadFlows::reset_client(flow::FlowIndex index, EndCause cause, const PollRound& round) {
    flow::Flow& flow = tables_.flows[index];
    // A client without an answer yet need not notice.
    if (flow.state == TcpState::syn_sent &&
        half_open_.replay(index, FlowEventKind::unanswered, round))
        return;
    emitter_.send_resets(flow, Side::client, round);
    tables_.flows.set_state(index, TcpState::dead, round.tick);
    tables_.counters.flows_reset.add();
    tables_.count_end(flow, round);
    tables_.report({.kind = FlowEventKind::ended, .cause = cause}, flow);
}

Verdict DeadFlows::answer(Packet& packet, flow::Flow& flow, Side from) {
    const auto reset = flow::answer_as_stub(flow, from, packet.segment());
    if (!reset) return Verdict::drop(Drop::dead_flow);
    const auto ethernet = net::load<net::EthernetHeader>(packet.frame(), 0);
    const std::size_t length =
        net::build_tcp(packet.room(), {ethernet.destination, ethernet.source},
                       {.source = packet.parsed.destination,
                        .destination = packet.parsed.source,
                        .source_port = packet.parsed.destination_port,
                        .destination_port = packet.parsed.source_port,
                        .sequence = reset->sequence,
                        .acknowledgement = reset->acknowledgement,
                        .flags = reset->flags()});
    return emitter_.send_back(packet, length);
}

}  // namespace warren::datapath
