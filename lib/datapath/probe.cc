// SPDX-License-Identifier: BSD-3-Clause
// The end of an idle flow: both ends are asked first whether they still know the connection.
#include "flow/probe.h"

#include "datapath/flow_path.h"

namespace warren::datapath {

using flow::Side;

// When to look again; nothing: no answer, both ends get RST.
std::optional<flow::Tick> FlowPath::idle_due(flow::FlowIndex index, const Round& round) {
    flow::Flow& flow = tables_.flows[index];
    if (emitter_.is_full()) return round.tick + 1;
    if (!round.owns(flow.vip) || !flow::begin_probe(flow)) return std::nullopt;
    for (const Side to : {Side::client, Side::server})
        if (flow::awaits(flow, to)) send_probe(flow, to, round);
    return round.tick + flow::ticks_between_probes;
}

void FlowPath::send_probe(const flow::Flow& flow, Side to, const Round& round) {
    constexpr std::uint16_t window = 1024;  // its receiver acts on the sequence number alone
    const flow::Probe probe = flow::probe_for(flow, to);
    net::TcpSegment segment;
    segment.sequence = probe.sequence;
    segment.acknowledgement = probe.acknowledgement;
    segment.flags = net::tcp_flag::ack;
    segment.window = window;
    const bool sent = emitter_.send_segment(flow, to, segment, round);
    if (sent) tables_.counters.probes_sent.add();
}

}  // namespace warren::datapath
