// SPDX-License-Identifier: BSD-3-Clause
// What forwarding changes in a TCP segment wherever its headers end: what lane/segment.h changes,
// and between the families the whole IP header (RFC 7915).
#pragma once

#include <cstdint>
#include <type_traits>

#include "datapath/packet.h"
#include "lane/segment.h"
#include "net/family.h"
#include "net/headers.h"
#include "net/translate.h"

namespace warren::datapath {

using Rewrite = lane::Rewrite<net::IpAddress>;

// The headers before TCP. In and Out are net::Ip4 or net::Ip6. False: no room.
template <typename In, typename Out>
bool rewrite_headers(Packet& packet, const Rewrite& to, net::ChecksumDelta& l4) {
    if constexpr (std::is_same_v<In, Out>) {
        auto& ip = net::header_in<typename In::Header>(packet.frame(), packet.parsed.l3_offset);
        lane::redirect<Out>(net::header_in<net::EthernetHeader>(packet.frame(), 0), ip, to, l4);
        return true;
    } else {
        constexpr auto tcp = net::IpProtocol::tcp;
        constexpr std::size_t link = sizeof(net::EthernetHeader);
        const std::size_t bytes = packet.parsed.l4_bytes();
        const auto& arrived =
            net::header_at<typename In::Header>(packet.frame(), packet.parsed.l3_offset);
        const auto hop_limit = static_cast<std::uint8_t>(In::hop_limit(arrived) - 1);
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
    rewrite_tcp(packet.parsed.l4_header(packet.frame()), to, delta);
    return true;
}

inline bool rewrite(Packet& packet, const Rewrite& to) {
    const bool out4 = to.destination.is_v4();
    if (packet.parsed.network == net::Network::ipv4)
        return out4 ? rewrite<net::Ip4, net::Ip4>(packet, to)
                    : rewrite<net::Ip4, net::Ip6>(packet, to);
    return out4 ? rewrite<net::Ip6, net::Ip4>(packet, to) : rewrite<net::Ip6, net::Ip6>(packet, to);
}

template <typename Family>
void redirect_link(Packet& packet, const net::MacAddress& source,
                   const net::MacAddress& destination) {
    lane::redirect_link<Family>(
        net::header_in<net::EthernetHeader>(packet.frame(), 0),
        net::header_in<typename Family::Header>(packet.frame(), packet.parsed.l3_offset), source,
        destination);
}

inline void redirect_link(Packet& packet, const net::MacAddress& source,
                          const net::MacAddress& destination) {
    if (packet.parsed.network == net::Network::ipv4)
        redirect_link<net::Ip4>(packet, source, destination);
    else
        redirect_link<net::Ip6>(packet, source, destination);
}

}  // namespace warren::datapath
