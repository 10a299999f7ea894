// SPDX-License-Identifier: BSD-3-Clause
// DR and TUN: the way to a server that has the VIP itself, and what the client's half of a
// connection tells of one that does not answer.
#include "datapath/one_way.h"

#include "datapath/flow_path.h"
#include "net/tunnel.h"

namespace warren::datapath {

using exchange::Drop;

// The largest packet that fits the link to the server, in its tunnel if it has one.
std::size_t FlowPath::room_to(const exchange::Server& server, const exchange::Snapshot& snapshot) {
    const std::size_t mtu = snapshot.mtu_of(server.out_port);
    return server.method == flow::Method::tun ? mtu - net::tunnel_header_bytes(server.tunnel_source)
                                              : mtu;
}

// False: no room for the outer header.
bool FlowPath::send_one_way(Packet& packet, const exchange::Server& server) {
    const net::Parsed& parsed = packet.parsed;
    direct(packet.frame(), parsed, server.link_source, server.next_hop);
    if (server.method != flow::Method::tun) return true;
    // Nobody behind us finishes what is in a tunnel.
    if (packet.is_large()) return send_pieces(packet, server);
    if (port::is_unfinished(*packet.mbuf)) port::finish_checksum(*packet.mbuf);
    return encapsulate(packet.mbuf, server, parsed.network, packet.bytes());
}

// Each segment of a large frame gets a tunnel header of its own. The last takes the frame's place,
// which sends it. False: that one is lost, and TCP sends it again.
bool FlowPath::send_pieces(Packet& packet, const exchange::Server& server) {
    rte_mbuf* last = nullptr;
    bool is_first = true;
    port::for_each_piece(*packet.mbuf, packet.parsed, options_.pool, [&](rte_mbuf* piece) {
        if (!is_first) {
            counters_.generated.add();
            if (last != nullptr)
                tx_.add(server.out_port, last);
            else
                counters_.drop(Drop::no_mbuf).add();
        }
        is_first = false;
        const bool made = piece != nullptr && encapsulate(piece, server, packet.parsed.network,
                                                          piece->pkt_len - packet.parsed.l3_offset);
        if (!made && piece != nullptr) rte_pktmbuf_free(piece);
        last = made ? piece : nullptr;
    });
    if (last == nullptr) return false;
    rte_pktmbuf_free(packet.mbuf);
    packet.mbuf = last;
    return true;
}

bool FlowPath::encapsulate(rte_mbuf* mbuf, const exchange::Server& server, net::Network inner,
                           std::size_t packet_bytes) {
    const auto header = static_cast<std::uint16_t>(net::tunnel_header_bytes(server.tunnel_source));
    if (rte_pktmbuf_prepend(mbuf, header) == nullptr) return false;
    const std::size_t length = net::encapsulate(
        {rte_pktmbuf_mtod(mbuf, std::uint8_t*), rte_pktmbuf_data_len(mbuf)},
        {server.link_source, server.next_hop}, {server.tunnel_source, server.address}, inner,
        packet_bytes, next_identification());
    mbuf->data_len = static_cast<std::uint16_t>(length);
    mbuf->pkt_len = static_cast<std::uint32_t>(length);
    return true;
}

// A SYN sent again may mean that the server is silent, or that its SYN-ACK was lost behind us. If
// it has answered somebody since, it is alive and keeps the flow. It keeps the flow for one SYN
// more if it has answered a check, which does not go to the VIP, or somebody in the tick of our
// SYN, perhaps before it. Else the SYN goes to another server, and the first one, should it know of
// a half open connection, is told to forget it.
void FlowPath::leave_silent_server(flow::FlowIndex index, const Round& round) {
    // A client sends again after one second and after three (RFC 6298 2.1), or after one and two
    // (Linux, tcp_syn_linear_timeouts); clocks differ.
    constexpr std::uint32_t first_us = 900'000;
    constexpr std::uint32_t second_us = 1'800'000;
    const flow::Flow& flow = table_[index];
    if (flow.state != flow::TcpState::syn_sent) return;
    const std::uint32_t waited_us = microseconds(round) - flow.syn_sent_us;
    if (waited_us < first_us) return;
    const std::uint64_t sent_ns = round.now_ns - std::uint64_t{waited_us} * 1000;
    const auto answered =
        static_cast<std::int32_t>(answered_[flow.server_id] - flow::tick_of_ns(sent_ns));
    if (answered > 0) return;
    const bool may_live =
        answered == 0 || exchange_.has_passed_check_since(flow.server_id, sent_ns);
    if (may_live && waited_us < second_us) return;
    const flow::Flow abandoned = flow;
    if (!move_elsewhere(index, exchange::FlowEventKind::unanswered, round)) return;
    send_resets(abandoned, flow::Side::server, round);
}

}  // namespace warren::datapath
