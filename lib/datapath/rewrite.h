// SPDX-License-Identifier: BSD-3-Clause
// What forwarding changes in a TCP segment: link, addresses, ports, TTL, and the client's sequence
// numbers as the server sees them. Checksums follow incrementally (RFC 1624).
#pragma once

#include <cstdint>

#include "flow/seq_shift.h"
#include "flow/tcp.h"
#include "net/family.h"
#include "net/headers.h"
#include "net/parse.h"

namespace warren::datapath {

struct Rewrite {
    net::MacAddress link_source;
    net::MacAddress link_destination;
    net::IpAddress source;
    net::IpAddress destination;
    net::Be16 source_port;
    net::Be16 destination_port;
    flow::Side from = flow::Side::client;
    std::uint32_t seq_delta = 0;
};

// In and Out are net::Ip4 or net::Ip6; the frame is a whole TCP segment with TTL above 1.
template <typename In, typename Out>
void rewrite(net::Bytes frame, const net::Parsed& parsed, const Rewrite& to) {
    static_assert(std::is_same_v<In, Out>, "translation between families needs a new header");
    auto& ethernet = net::header_in<net::EthernetHeader>(frame, 0);
    ethernet.destination = to.link_destination;
    ethernet.source = to.link_source;

    net::ChecksumDelta delta;
    auto& ip = net::header_in<typename In::Header>(frame, parsed.l3_offset);
    Out::redirect(ip, Out::narrow(to.source), Out::narrow(to.destination),
                  static_cast<std::uint8_t>(In::hop_limit(ip) - 1), delta);

    auto& tcp = net::header_in<net::TcpHeader>(frame, parsed.l4_offset);
    delta.replace(tcp.source_port, to.source_port);
    delta.replace(tcp.destination_port, to.destination_port);
    tcp.source_port = to.source_port;
    tcp.destination_port = to.destination_port;
    if (to.from == flow::Side::client)
        flow::shift_sequence(tcp, to.seq_delta, delta);
    else
        flow::unshift_acknowledgement(frame.subspan(parsed.l4_offset, tcp.header_bytes()),
                                      to.seq_delta, delta);
    tcp.checksum = delta.apply(tcp.checksum);
}

inline void rewrite(net::Bytes frame, const net::Parsed& parsed, const Rewrite& to) {
    if (parsed.network == net::Network::ipv4)
        rewrite<net::Ip4, net::Ip4>(frame, parsed, to);
    else
        rewrite<net::Ip6, net::Ip6>(frame, parsed, to);
}

}  // namespace warren::datapath
