// SPDX-License-Identifier: BSD-3-Clause
// DR and TUN: the way to a server that has the VIP itself, and what the client's half of a
// connection tells of one that does not answer.
#include "datapath/one_way.h"

#include "datapath/flow_path.h"
#include "net/tcp_options.h"
#include "net/tunnel.h"

namespace warren::datapath {

// The largest packet that fits the link to the server, in its tunnel if it has one.
std::size_t FlowPath::room_to(const exchange::Server& server, const exchange::Snapshot& snapshot) {
    const std::size_t mtu = snapshot.mtu_of(server.out_port);
    return server.method == flow::Method::tun ? mtu - net::tunnel_header_bytes(server.tunnel_source)
                                              : mtu;
}

// False: no room for the outer header.
bool FlowPath::send_one_way(Packet& packet, const exchange::Server& server, std::size_t room) {
    const net::Parsed& parsed = packet.parsed;
    direct(packet.frame(), parsed, server.link_source, server.next_hop);
    if (server.method != flow::Method::tun) return true;
    // So the server sends no segment that the client could not send back through the tunnel. The
    // client itself learns the size from our packet-too-big: the server's SYN-ACK bypasses us.
    if ((parsed.tcp_flags & net::tcp_flag::syn) != 0) {
        const std::size_t headers =
            (parsed.network == net::Network::ipv4 ? sizeof(net::Ipv4Header)
                                                  : sizeof(net::Ipv6Header)) +
            sizeof(net::TcpHeader);
        net::clamp_mss(packet.frame().subspan(
                           parsed.l4_offset, std::size_t{parsed.payload_offset} - parsed.l4_offset),
                       static_cast<std::uint16_t>(room - headers));
    }
    return encapsulate(packet.mbuf, server, parsed.network, packet.bytes());
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
