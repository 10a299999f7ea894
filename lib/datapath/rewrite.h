// SPDX-License-Identifier: BSD-3-Clause
// Rewrites a TCP segment for its next hop: link, addresses, ports, hop limit, sequence numbers of
// the client; between the families the whole IP header (RFC 7915). Checksums are updated, not
// remade.
#pragma once

#include <cstdint>

#include "datapath/packet.h"
#include "fast_path/header_words.h"
#include "flow/seq_shift.h"
#include "net/family.h"
#include "net/headers.h"
#include "net/translate.h"

namespace warren::datapath {

// How a packet leaves, of a flow that sees both sides (FNAT, NAT).
struct Rewrite {
    const flow::Flow& flow;
    flow::Side to;
    const net::MacAddress& link_source;
    const net::MacAddress& link_destination;
    std::uint16_t identification = 0;  // for an IPv4 header that replaces an IPv6 one
};

inline void set_link_addresses(net::EthernetHeader& ethernet, const net::MacAddress& source,
                               const net::MacAddress& destination) {
    ethernet.destination = destination;
    ethernet.source = source;
}

// TCP's header with its options.
inline void shift_numbers(net::Bytes tcp, const Rewrite& to, net::ChecksumDelta& l4) {
    if (to.to == flow::Side::server)
        flow::shift_sequence(net::header_in<net::TcpHeader>(tcp, 0), to.flow.seq_delta, l4);
    else
        flow::unshift_acknowledgement(tcp, to.flow.seq_delta, l4);
}

template <typename Family>
void rewrite_within(Packet& packet, const Rewrite& to) {
    const auto from = packet.words<Family>();
    const net::Bytes tcp = packet.parsed.l4_header(packet.frame());
    net::ChecksumDelta delta;
    shift_numbers(tcp, to, delta);
    fast_path::rewrite(
        net::header_in<typename Family::Header>(packet.frame(), packet.parsed.l3_offset),
        net::header_in<net::TcpHeader>(tcp, 0), from,
        flow::words_sent_to<std::remove_const_t<decltype(from)>>(to.flow, to.to), delta.folded());
    set_link_addresses(net::header_in<net::EthernetHeader>(packet.frame(), 0), to.link_source,
                       to.link_destination);
}

// Into the other family. In and Out are net::Ip4 or net::Ip6. False: no headroom for the longer
// header, and the packet is corrupt: drop it.
template <typename In, typename Out>
bool rewrite_across(Packet& packet, const Rewrite& to) {
    constexpr auto tcp = net::IpProtocol::tcp;
    constexpr std::size_t link = sizeof(net::EthernetHeader);
    const flow::Tuple ends = to.flow.sent_to(to.to);
    const std::size_t bytes = packet.parsed.l4_bytes();
    const auto& arrived =
        net::header_at<typename In::Header>(packet.frame(), packet.parsed.l3_offset);
    const auto fields = net::translated_fields<In, Out>(
        arrived, ends.source, ends.destination, bytes,
        static_cast<std::uint8_t>(In::hop_limit(arrived) - 1), to.identification);
    net::ChecksumDelta delta;
    delta.replace_sum(In::pseudo_header(arrived.source, arrived.destination, tcp, bytes),
                      Out::pseudo_header(fields.source, fields.destination, tcp, bytes));
    if (!packet.resize_headers(link + Out::header_bytes)) return false;
    Out::write(net::header_in<typename Out::Header>(packet.frame(), link), fields);
    net::store(packet.frame(), 0,
               net::EthernetHeader{to.link_destination, to.link_source,
                                   net::Be16(static_cast<std::uint16_t>(Out::ether_type))});
    const net::Bytes header = packet.parsed.l4_header(packet.frame());
    auto& segment = net::header_in<net::TcpHeader>(header, 0);
    delta.replace(segment.source_port, ends.source_port);
    delta.replace(segment.destination_port, ends.destination_port);
    segment.source_port = ends.source_port;
    segment.destination_port = ends.destination_port;
    shift_numbers(header, to, delta);
    segment.checksum = delta.apply(segment.checksum);
    return true;
}

// The packet must be a whole TCP segment with TTL above 1. False: as rewrite_across().
inline bool rewrite(Packet& packet, const Rewrite& to) {
    const bool in4 = packet.parsed.network == net::Network::ipv4;
    const bool out4 = to.flow.is_v4(to.to);
    if (in4 != out4)
        return in4 ? rewrite_across<net::Ip4, net::Ip6>(packet, to)
                   : rewrite_across<net::Ip6, net::Ip4>(packet, to);
    in4 ? rewrite_within<net::Ip4>(packet, to) : rewrite_within<net::Ip6>(packet, to);
    return true;
}

// DR and TUN: the server has the VIP on lo and answers the client itself, so only link and hop
// limit (which must be above 1) change.
inline void set_link_addresses(Packet& packet, const net::MacAddress& source,
                               const net::MacAddress& destination) {
    const net::Bytes frame = packet.frame();
    set_link_addresses(net::header_in<net::EthernetHeader>(frame, 0), source, destination);
    if (packet.parsed.network == net::Network::ipv4)
        fast_path::decrement_hop_limit(
            net::header_in<net::Ipv4Header>(frame, packet.parsed.l3_offset));
    else
        fast_path::decrement_hop_limit(
            net::header_in<net::Ipv6Header>(frame, packet.parsed.l3_offset));
}

}  // namespace warren::datapath
