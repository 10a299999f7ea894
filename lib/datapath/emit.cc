// SPDX-License-Identifier: BSD-3-Clause
#include "datapath/emit.h"

#include "datapath/rewrite.h"
#include "flow/probe.h"
#include "flow/sequence.h"
#include "net/tunnel.h"

namespace warren::datapath {

using exchange::Drop;
using flow::Side;

bool Emitter::send_segment(const flow::Flow& flow, Side to, net::TcpSegment segment,
                           const PollRound& round) {
    if (!round.owns(flow.vip())) return false;
    const exchange::Server& server = round.snapshot->servers[flow.server_id];
    if (to == Side::server && !server.reachable) return false;
    const flow::Tuple ends = flow.sent_to(to);
    segment.source = ends.source;
    segment.destination = ends.destination;
    segment.source_port = ends.source_port;
    segment.destination_port = ends.destination_port;
    if (to == Side::server) return send_to_server(server, segment);
    const net::MacAddress& mac =
        round.snapshot->mac_on(flow.client_port_index, *round.snapshot->find_address(flow.vip()));
    return generate({mac, flow.client_mac}, segment, flow.client_port_index);
}

bool Emitter::send_to_server(const exchange::Server& server, const net::TcpSegment& segment) {
    return generate({server.link_source, server.next_hop}, segment, server.out_port,
                    server.method == flow::Method::tun ? &server : nullptr);
}

void Emitter::send_probe(const flow::Flow& flow, Side to, const PollRound& round) {
    constexpr std::uint16_t window = 1024;  // its receiver acts on the sequence number alone
    const flow::Probe probe = flow::probe_for(flow, to);
    net::TcpSegment segment;
    segment.sequence = probe.sequence;
    segment.acknowledgement = probe.acknowledgement;
    segment.flags = net::tcp_flag::ack;
    segment.window = window;
    if (send_segment(flow, to, segment, round)) counters_.probes_sent.add();
}

void Emitter::send_resets(const flow::Flow& flow, Side to, const PollRound& round) {
    for (const flow::Reset& reset : flow::resets_for(flow, to)) {
        net::TcpSegment segment;
        segment.sequence = reset.sequence;
        segment.acknowledgement = reset.acknowledgement;
        segment.flags = reset.flags();
        const bool sent = send_segment(flow, to, segment, round);
        if (sent) counters_.resets_sent.add();
    }
}

// False: no memory, counted.
bool Emitter::generate(const net::Link& link, const net::TcpSegment& segment, std::uint8_t port,
                       const exchange::Server* through_tunnel) {
    counters_.generated.add();
    rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_);
    if (mbuf == nullptr) {
        counters_.drop(Drop::no_mbuf).add();
        return false;
    }
    const std::size_t length = net::build_tcp(
        {rte_pktmbuf_mtod(mbuf, std::uint8_t*), rte_pktmbuf_tailroom(mbuf)}, link, segment);
    set_length(*mbuf, length);
    if (through_tunnel != nullptr &&
        !encapsulate(*mbuf, *through_tunnel,
                     segment.source.is_v4() ? net::Network::ipv4 : net::Network::ipv6,
                     length - sizeof(net::EthernetHeader))) {
        rte_pktmbuf_free(mbuf);
        counters_.drop(Drop::no_mbuf).add();
        return false;
    }
    if (capture_point_.is_active()) [[unlikely]]
        capture_point_.on_generated(
            {rte_pktmbuf_mtod(mbuf, std::uint8_t*), rte_pktmbuf_data_len(mbuf)}, port);
    tx_.add(port, mbuf);
    return true;
}

Verdict Emitter::refuse(Packet& packet, Drop reason) {
    const std::size_t length = net::build_reset_reply(packet.room(), packet.frame(), packet.parsed);
    if (length == 0) return Verdict::drop(reason);
    packet.reason = reason;
    counters_.refusal(reason).add();
    return send_back(packet, length);
}

Verdict Emitter::refuse_unknown(Packet& packet, const PollRound& round) {
    if (round.watch.is_new(packet.address->virtual_router, round.now_ns))
        return Verdict::drop(Drop::settling);
    if (!round.snapshot->reset_unknown_flows) return Verdict::drop(Drop::no_flow);
    return refuse(packet, Drop::no_flow);
}

Verdict Emitter::send_back(Packet& packet, std::size_t bytes) {
    packet.become(bytes);
    counters_.resets_sent.add();
    return Verdict::transmit(packet.port());
}

std::size_t room_to(const exchange::Server& server, const exchange::Snapshot& snapshot) {
    const std::size_t mtu = snapshot.mtu_of(server.out_port);
    return server.method == flow::Method::tun ? mtu - net::tunnel_header_bytes(server.tunnel_source)
                                              : mtu;
}

bool Emitter::direct_to(const exchange::Server& server, Packet& packet) {
    const net::Parsed& parsed = packet.parsed;
    set_link_addresses(packet, server.link_source, server.next_hop);
    if (server.method != flow::Method::tun) return true;
    // Nobody behind us finishes what is in a tunnel.
    if (packet.is_large()) return send_pieces(packet, server);
    if (port::is_unfinished(*packet.mbuf)) port::finish_checksum(*packet.mbuf);
    return encapsulate(*packet.mbuf, server, parsed.network, packet.bytes());
}

// Each segment of a large frame gets a tunnel header of its own. The last takes the frame's place,
// which sends it. False: that one is lost, and TCP sends it again.
bool Emitter::send_pieces(Packet& packet, const exchange::Server& server) {
    rte_mbuf* last = nullptr;
    bool is_first = true;
    port::for_each_piece(*packet.mbuf, packet.parsed, pool_, [&](rte_mbuf* piece) {
        if (!is_first) {
            counters_.generated.add();
            if (last != nullptr)
                tx_.add(server.out_port, last);
            else
                counters_.drop(Drop::no_mbuf).add();
        }
        is_first = false;
        const bool made = piece != nullptr && encapsulate(*piece, server, packet.parsed.network,
                                                          piece->pkt_len - packet.parsed.l3_offset);
        if (!made && piece != nullptr) rte_pktmbuf_free(piece);
        last = made ? piece : nullptr;
    });
    if (last == nullptr) return false;
    rte_pktmbuf_free(packet.mbuf);
    packet.mbuf = last;
    return true;
}

bool Emitter::encapsulate(rte_mbuf& mbuf, const exchange::Server& server, net::Network inner,
                          std::size_t packet_bytes) {
    const auto header = static_cast<std::uint16_t>(net::tunnel_header_bytes(server.tunnel_source));
    if (rte_pktmbuf_prepend(&mbuf, header) == nullptr) return false;
    const std::size_t length = net::encapsulate(
        {rte_pktmbuf_mtod(&mbuf, std::uint8_t*), rte_pktmbuf_data_len(&mbuf)},
        {server.link_source, server.next_hop}, {server.tunnel_source, server.address}, inner,
        packet_bytes, next_identification());
    set_length(mbuf, length);
    return true;
}

}  // namespace warren::datapath
