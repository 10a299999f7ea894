// SPDX-License-Identifier: BSD-3-Clause
// What forwarding changes in the headers of a TCP segment that stays in its family: link,
// addresses, TTL, ports, and the client's sequence numbers as the server sees them. Checksums
// follow incrementally (RFC 1624). Shared by the fast lane and the whole way (datapath/rewrite.h).
#pragma once

#include <cstdint>

#include "flow/seq_shift.h"
#include "flow/tcp.h"
#include "net/address.h"
#include "net/family.h"
#include "net/headers.h"

namespace warren::lane {

// Address: net::IpAddress, or that of the one family.
template <typename Address>
struct Rewrite {
    const net::MacAddress& link_source;
    const net::MacAddress& link_destination;
    Address source;  // both of the family that the segment leaves in
    Address destination;
    net::Be16 source_port;
    net::Be16 destination_port;
    flow::Side from = flow::Side::client;
    std::uint32_t seq_delta = 0;
    std::uint16_t identification = 0;  // of an IPv4 header in place of an IPv6 one
};

// Link and IP header; `l4` notes what that does to the TCP checksum.
template <typename Family, typename Address>
[[gnu::always_inline]] inline void redirect(net::EthernetHeader& ethernet,
                                            typename Family::Header& ip, const Rewrite<Address>& to,
                                            net::ChecksumDelta& l4) {
    Family::redirect(ip, Family::narrow(to.source), Family::narrow(to.destination),
                     static_cast<std::uint8_t>(Family::hop_limit(ip) - 1), l4);
    ethernet.destination = to.link_destination;
    ethernet.source = to.link_source;
}

// DR and TUN: the server has the VIP too (on lo) and answers the client itself, so nothing changes
// but the link and the TTL, which is above 1.
template <typename Family>
void redirect_link(net::EthernetHeader& ethernet, typename Family::Header& ip,
                   const net::MacAddress& source, const net::MacAddress& destination) {
    ethernet.destination = destination;
    ethernet.source = source;
    Family::set_hop_limit(ip, static_cast<std::uint8_t>(Family::hop_limit(ip) - 1));
}

// `header`: TCP's with its options; `delta`: what the IP header's change does to its checksum.
template <typename Address>
[[gnu::always_inline]] inline void rewrite_tcp(net::Bytes header, const Rewrite<Address>& to,
                                               net::ChecksumDelta delta) {
    auto& tcp = net::header_in<net::TcpHeader>(header, 0);
    delta.replace(tcp.source_port, to.source_port);
    delta.replace(tcp.destination_port, to.destination_port);
    tcp.source_port = to.source_port;
    tcp.destination_port = to.destination_port;
    if (to.from == flow::Side::client)
        flow::shift_sequence(tcp, to.seq_delta, delta);
    else
        flow::unshift_acknowledgement(header, to.seq_delta, delta);
    tcp.checksum = delta.apply(tcp.checksum);
}

}  // namespace warren::lane
