// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/dead_flows.h"

#include "flow/probe.h"
#include "flow/sequence.h"
#include "net/build.h"

namespace warren::datapath {

using exchange::Drop;
using exchange::EndCause;
using exchange::FlowEventKind;
using flow::Side;
using flow::TcpState;

namespace {

EndCause cause_of(exchange::ServerState state) {
    switch (state) {
        case exchange::ServerState::absent:
            return EndCause::removed;
        case exchange::ServerState::disabled:
            return EndCause::disabled;
        default:
            return EndCause::server_down;
    }
}

}  // namespace

// All clients first, who may be many and wait; then the servers, who are dead. Stops where the port
// takes no more: a RST that is lost leaves its client hanging.
unsigned DeadFlows::sweep(const PollRound& round) {
    const auto& servers = round.snapshot->servers;
    unsigned budget = resets_per_round;
    for (std::uint16_t id = 0; id < servers.size() && budget != 0; ++id) {
        const exchange::ServerState state = servers[id].state;
        if (state == exchange::ServerState::up || state == exchange::ServerState::drain ||
            tables_.is_peers(servers[id].service, round))
            continue;
        const EndCause cause = cause_of(state);
        for (; budget != 0 && !emitter_.is_full(); --budget) {
            const flow::FlowIndex index = tables_.flows.servers().first(id);
            if (index == flow::no_flow) break;
            reset_client(index, cause, round);
        }
    }
    for (; budget != 0 && !emitter_.is_full(); --budget) {
        const flow::FlowIndex index = tables_.flows.servers().first_to_reset();
        if (index == flow::no_flow) break;
        reset_server(index, round);
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
    const std::uint32_t idle_ms = flow::ms_of_ticks(round.tick - flow.last_seen);
    const flow::Carried bytes = flow::carried(flow, tables_.flows.start(index), flow.state);
    emitter_.send_resets(flow, Side::client, round);
    tables_.flows.set_state(index, TcpState::dead, round.tick);
    tables_.counters.flows_reset.add();
    tables_.count_end(flow, round);
    tables_.report(
        {.kind = FlowEventKind::ended, .cause = cause, .idle_ms = idle_ms, .bytes = bytes}, flow);
}

void DeadFlows::reset_server(flow::FlowIndex index, const PollRound& round) {
    const flow::Flow& flow = tables_.flows[index];
    tables_.flows.servers().set_reset(index);
    emitter_.send_resets(flow, Side::server, round);
    if (flow::is_unsure(flow) && round.serves(flow.service_id))
        ask({.index = index, .died = flow.last_seen}, round);
}

// Who has answered knows. Too many at once: the rest learns by its own next segment.
void DeadFlows::ask(const Asked& asked, const PollRound& round) {
    const flow::Flow& flow = tables_.flows[asked.index];
    if (flow.state != TcpState::dead || flow.last_seen != asked.died) return;
    if (flow.resets_to_client == 0) emitter_.send_probe(flow, Side::client, round);
    if (flow.resets_to_server == 0 && flow::sees_both_sides(flow.method))
        emitter_.send_probe(flow, Side::server, round);
    if (asked.times + 1 == flow::probes_max || asked_end_ - asked_begin_ == asked_.size()) return;
    asked_[asked_end_++ % asked_max] = {asked.index, asked.died,
                                        round.tick + flow::ticks_between_probes, asked.times + 1};
}

void DeadFlows::ask_again(const PollRound& round) {
    for (unsigned n = 0; n < resets_per_round && asked_begin_ != asked_end_; ++n) {
        const Asked next = asked_[asked_begin_ % asked_max];
        if (static_cast<std::int32_t>(round.tick - next.due) < 0 || emitter_.is_full()) return;
        ++asked_begin_;
        ask(next, round);
    }
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
