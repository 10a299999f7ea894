// SPDX-License-Identifier: BSD-3-Clause
// Every RST that a worker sends: to a segment that nobody serves, to both ends of a flow whose
// server is dead, and to what those still send afterwards.
#include "datapath/flow_path.h"
#include "flow/sequence.h"
#include "net/build.h"

namespace warren::datapath {

using exchange::Drop;
using exchange::EndCause;
using exchange::FlowEventKind;
using flow::Side;
using flow::TcpState;

// The frame becomes its own RST, or is dropped if none may be sent; counted under `reason`.
Verdict FlowPath::refuse(Packet& packet, Drop reason) {
    const std::size_t length = net::build_reset_reply(packet.room(), packet.frame(), packet.parsed);
    if (length == 0) return Verdict::drop(reason);
    counters_.refusal(reason).add();
    return send_back(packet, length);
}

// A segment in the middle of a connection that is not in the table: its sender holds on to
// something that is gone. RST lets it go at once; by configuration it hears nothing.
Verdict FlowPath::refuse_unknown(Packet& packet, const Round& round) {
    if (!round.snapshot->reset_unknown_flows) return Verdict::drop(Drop::no_flow);
    return refuse(packet, Drop::no_flow);
}

Verdict FlowPath::send_back(Packet& packet, std::size_t length) {
    packet.become(length);
    counters_.resets_sent.add();
    return Verdict::transmit(packet.port());
}

// All clients first, who may be many and wait; then the servers, who are dead. Stops where the port
// takes no more: a RST that is lost leaves its client hanging.
unsigned FlowPath::reset_dead_servers(const Round& round) {
    const auto& servers = round.snapshot->servers;
    if (swept_generation_ == round.snapshot->generation) return 0;
    unsigned budget = resets_per_round;
    for (std::uint16_t id = 0; id < servers.size() && budget != 0; ++id) {
        const exchange::ServerState state = servers[id].state;
        if (state == exchange::ServerState::up || state == exchange::ServerState::drain) continue;
        const EndCause cause =
            state == exchange::ServerState::down ? EndCause::server_down : EndCause::admin;
        for (; budget != 0 && !tx_.is_full(); --budget) {
            const flow::FlowIndex index = table_.first_of_server(id);
            if (index == flow::no_flow) break;
            reset_client(index, cause, round);
        }
    }
    for (; budget != 0 && !tx_.is_full(); --budget) {
        const flow::FlowIndex index = table_.first_untold();
        if (index == flow::no_flow) break;
        table_.set_told(index);
        send_resets(table_[index], Side::server, round);
    }
    if (budget != 0 && !tx_.is_full()) swept_generation_ = round.snapshot->generation;
    return resets_per_round - budget;
}

void FlowPath::reset_client(flow::FlowIndex index, EndCause cause, const Round& round) {
    flow::Flow& flow = table_[index];
    // A client without an answer yet need not notice.
    if (flow.state == TcpState::syn_sent && replay(index, FlowEventKind::unanswered, round)) return;
    send_resets(flow, Side::client, round);
    table_.set_state(index, TcpState::dead, round.tick);
    counters_.flows_reset.add();
    count_end(flow, round);
    report({.kind = FlowEventKind::ended, .cause = cause}, flow);
}

void FlowPath::send_resets(const flow::Flow& flow, Side to, const Round& round) {
    for (const flow::Reset& reset : flow::resets_for(flow, to)) {
        net::TcpSegment segment;
        segment.sequence = reset.sequence;
        segment.acknowledgement = reset.acknowledgement;
        segment.flags = reset_flags(reset);
        const bool sent = send_segment(flow, to, segment, round);
        if (sent) counters_.resets_sent.add();
    }
}

// To one end of the flow in the name of the other; addresses and ports are filled in. Silent where
// we are not master: the peer speaks for the address.
bool FlowPath::send_segment(const flow::Flow& flow, Side to, net::TcpSegment segment,
                            const Round& round) {
    if (!is_ours(flow, round)) return false;
    const exchange::Server& server = round.snapshot->servers[flow.server_id];
    if (to == Side::server && !server.reachable) return false;
    const flow::Tuple ends = flow.sent_to(to);
    segment.source = ends.source;
    segment.destination = ends.destination;
    segment.source_port = ends.source_port;
    segment.destination_port = ends.destination_port;
    if (to == Side::server) return generate_to(server, segment);
    const net::MacAddress& mac = round.snapshot->find_address(flow.vip)->mac;
    return generate({mac, flow.client_mac}, segment, flow.client_port_index);
}

bool FlowPath::generate_to(const exchange::Server& server, const net::TcpSegment& segment) {
    return generate({server.link_source, server.next_hop}, segment, server.out_port,
                    server.method == flow::Method::tun ? &server : nullptr);
}

bool FlowPath::is_ours(const flow::Flow& flow, const Round& round) {
    const exchange::OwnedAddress* vip = round.snapshot->find_address(flow.vip);
    return vip != nullptr && round.owns(*vip);
}

// False: no memory, counted.
bool FlowPath::generate(const net::Link& link, const net::TcpSegment& segment, std::uint8_t port,
                        const exchange::Server* through_tunnel) {
    counters_.generated.add();
    rte_mbuf* mbuf = rte_pktmbuf_alloc(options_.pool);
    if (mbuf == nullptr) {
        counters_.drop(Drop::no_mbuf).add();
        return false;
    }
    const std::size_t length = net::build_tcp(
        {rte_pktmbuf_mtod(mbuf, std::uint8_t*), rte_pktmbuf_tailroom(mbuf)}, link, segment);
    mbuf->data_len = static_cast<std::uint16_t>(length);
    mbuf->pkt_len = static_cast<std::uint32_t>(length);
    if (through_tunnel != nullptr &&
        !encapsulate(mbuf, *through_tunnel,
                     segment.source.is_v4() ? net::Network::ipv4 : net::Network::ipv6,
                     length - sizeof(net::EthernetHeader))) {
        rte_pktmbuf_free(mbuf);
        counters_.drop(Drop::no_mbuf).add();
        return false;
    }
    tx_.add(port, mbuf);
    return true;
}

// A segment of a flow whose server is dead (DESIGN: three answers a side, then silence).
Verdict FlowPath::answer_from_stub(Packet& packet, flow::Flow& flow, Side from) {
    const auto reset = flow::answer_as_stub(flow, from, segment_of(packet.parsed));
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
                        .flags = reset_flags(*reset)});
    return send_back(packet, length);
}

std::uint8_t FlowPath::reset_flags(const flow::Reset& reset) {
    return reset.has_ack ? net::tcp_flag::rst | net::tcp_flag::ack : net::tcp_flag::rst;
}

}  // namespace warren::datapath
