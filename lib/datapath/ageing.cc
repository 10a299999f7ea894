// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/ageing.h"

#include "flow/probe.h"

namespace warren::datapath {

using exchange::EndCause;
using exchange::FlowEventKind;
using flow::Side;
using flow::TcpState;

void Ageing::take_timeouts(const exchange::Snapshot& snapshot) {
    timeouts_generation_ = snapshot.generation;
    const auto& services = snapshot.services;
    for (std::uint16_t id = 0; id < services.size(); ++id) {
        const std::uint64_t ns = services[id].established_timeout_ns;
        tables_.flows.timeouts().set_established(
            id, ns == 0 ? flow::Timeouts{}.of(TcpState::established)
                        : static_cast<flow::Tick>(ns >> flow::tick_shift) + 1);
    }
}

void Ageing::look_at_due(const PollRound& round) {
    tables_.choice.forget_expired(round.tick);
    const unsigned looked_at = tables_.flows.advance(
        round.tick, flows_per_round, [&](flow::FlowIndex index) { return on_due(index, round); },
        [&](const flow::Flow& flow, const flow::Carried& bytes) {
            if (flow::is_live(flow.state)) end(flow, bytes, round);
        });
    tables_.link.half_open_flows.set(tables_.flows.half_open().size());
    if (looked_at < flows_per_round) aged_ = round.tick;
}

// A flow has idled as long as its state may: when to look again, or nothing when it is over. What
// becomes of the peer's flows the peer says.
std::optional<flow::Tick> Ageing::on_due(flow::FlowIndex index, const PollRound& round) {
    const flow::Flow& flow = tables_.flows[index];
    if (flow.state == TcpState::syn_sent) return half_open_.on_due(index, round);
    if (flow::is_synced(flow.state) && tables_.is_peers(flow.service_id, round))
        return round.tick + flow::ticks_between_probes;
    if (flow.state == TcpState::established) return probe(index, round);
    return std::nullopt;
}

// When to look again; nothing: no answer, both ends get RST.
std::optional<flow::Tick> Ageing::probe(flow::FlowIndex index, const PollRound& round) {
    flow::Flow& flow = tables_.flows[index];
    if (emitter_.is_full()) return round.tick + 1;
    if (!round.owns(flow.vip()) || !flow::begin_probe(flow)) return std::nullopt;
    for (const Side to : {Side::client, Side::server})
        if (flow::awaits(flow, to)) emitter_.send_probe(flow, to, round);
    return round.tick + flow::ticks_between_probes;
}

// Of a flow that is out of the table by now.
void Ageing::end(const flow::Flow& flow, const flow::Carried& bytes, const PollRound& round) {
    const bool closed = flow::has_closed_unseen(flow.method, flow.state);
    if (!closed) {
        emitter_.send_resets(flow, Side::client, round);
        emitter_.send_resets(flow, Side::server, round);
    }
    tables_.counters.flows_ended.add();
    tables_.count_end(flow, round);
    if (!round.owns(flow.vip())) return;  // it has been told as moved (leaving.h)
    const bool unanswered = flow.state == TcpState::syn_sent;
    tables_.report({.kind = unanswered ? FlowEventKind::unanswered : FlowEventKind::ended,
                    .cause = closed ? EndCause::client_fin : EndCause::idle,
                    .idle_ms = flow::ms_of_ticks(round.tick - flow.last_seen),
                    .bytes = bytes},
                   flow);
}

}  // namespace warren::datapath
