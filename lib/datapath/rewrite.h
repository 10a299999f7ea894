// SPDX-License-Identifier: BSD-3-Clause
// What forwarding changes in a TCP segment: link, addresses, ports, TTL, and the client's sequence
// numbers as the server sees them; between the families the whole IP header (RFC 7915). Checksums
// follow incrementally (RFC 1624).
#pragma once

#include <cstdint>
#include <type_traits>

#include "datapath/packet.h"
#include "flow/seq_shift.h"
#include "flow/tcp.h"
#include "net/family.h"
#include "net/headers.h"
#include "net/translate.h"

namespace warren::datapath {

struct Rewrite {
    net::MacAddress link_source;
    net::MacAddress link_destination;
    net::IpAddress source;  // both of the family that the segment leaves in
    net::IpAddress destination;
    net::Be16 source_port;
    net::Be16 destination_port;
    flow::Side from = flow::Side::client;
    std::uint32_t seq_delta = 0;
    std::uint16_t identification = 0;  // of an IPv4 header in place of an IPv6 one
};

// The headers before TCP. In and Out are net::Ip4 or net::Ip6. False: no room.
template <typename In, typename Out>
bool rewrite_headers(Packet& packet, const Rewrite& to, net::ChecksumDelta& l4) {
    const auto& arrived =
        net::header_at<typename In::Header>(packet.frame(), packet.parsed.l3_offset);
    const auto hop_limit = static_cast<std::uint8_t>(In::hop_limit(arrived) - 1);
    if constexpr (std::is_same_v<In, Out>) {
        auto& ip = net::header_in<typename In::Header>(packet.frame(), packet.parsed.l3_offset);
        Out::redirect(ip, Out::narrow(to.source), Out::narrow(to.destination), hop_limit, l4);
        auto& ethernet = net::header_in<net::EthernetHeader>(packet.frame(), 0);
        ethernet.destination = to.link_destination;
        ethernet.source = to.link_source;
        return true;
    } else {
        constexpr auto tcp = net::IpProtocol::tcp;
        constexpr std::size_t link = sizeof(net::EthernetHeader);
        const std::size_t bytes = packet.parsed.l4_bytes();
        const auto fields = net::translated_fields<In, Out>(arrived, to.source, to.destination,
                                                            bytes, hop_limit, to.identification);
        l4.replace_sum(In::pseudo_header(arrived.source, arrived.destination, tcp, bytes),
                       Out::pseudo_header(fields.source, fields.destination, tcp, bytes));
        if (!packet.resize_headers(link + Out::header_bytes)) return false;
        Out::write(net::header_in<typename Out::Header>(packet.frame(), link), fields);
        net::store(packet.frame(), 0,
                   net::EthernetHeader{to.link_destination, to.link_source,
                                       net::Be16(static_cast<std::uint16_t>(Out::ether_type))});
        return true;
    }
}

// The packet is a whole TCP segment with TTL above 1. False: no room for a longer header; the
// packet is spoilt.
template <typename In, typename Out>
bool rewrite(Packet& packet, const Rewrite& to) {
    net::ChecksumDelta delta;
    if (!rewrite_headers<In, Out>(packet, to, delta)) return false;
    const net::Bytes frame = packet.frame();
    auto& tcp = net::header_in<net::TcpHeader>(frame, packet.parsed.l4_offset);
    delta.replace(tcp.source_port, to.source_port);
    delta.replace(tcp.destination_port, to.destination_port);
    tcp.source_port = to.source_port;
    tcp.destination_port = to.destination_port;
    if (to.from == flow::Side::client)
        flow::shift_sequence(tcp, to.seq_delta, delta);
    else
        flow::unshift_acknowledgement(frame.subspan(packet.parsed.l4_offset, tcp.header_bytes()),
                                      to.seq_delta, delta);
    tcp.checksum = delta.apply(tcp.checksum);
    return true;
}

inline bool rewrite(Packet& packet, const Rewrite& to) {
    const bool out4 = to.destination.is_v4();
    if (packet.parsed.network == net::Network::ipv4)
        return out4 ? rewrite<net::Ip4, net::Ip4>(packet, to)
                    : rewrite<net::Ip4, net::Ip6>(packet, to);
    return out4 ? rewrite<net::Ip6, net::Ip4>(packet, to) : rewrite<net::Ip6, net::Ip6>(packet, to);
}

// DR and TUN: the server has the VIP too (on lo) and answers the client itself, so nothing changes
// but the link and the TTL, which is above 1.
template <typename Family>
void redirect_link(Packet& packet, const net::MacAddress& source,
                   const net::MacAddress& destination) {
    auto& ethernet = net::header_in<net::EthernetHeader>(packet.frame(), 0);
    ethernet.destination = destination;
    ethernet.source = source;
    auto& ip = net::header_in<typename Family::Header>(packet.frame(), packet.parsed.l3_offset);
    Family::set_hop_limit(ip, static_cast<std::uint8_t>(Family::hop_limit(ip) - 1));
}

inline void redirect_link(Packet& packet, const net::MacAddress& source,
                          const net::MacAddress& destination) {
    if (packet.parsed.network == net::Network::ipv4)
        redirect_link<net::Ip4>(packet, source, destination);
    else
        redirect_link<net::Ip6>(packet, source, destination);
}

}  // namespace warren::datapath
