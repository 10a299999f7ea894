// SPDX-License-Identifier: BSD-3-Clause
// Forwarding that leaves the client's packet as it is, because the server has the VIP too (on lo)
// and answers the client itself: DR changes nothing but the link and the TTL, TUN then wraps the
// packet.
#pragma once

#include <cstdint>

#include "net/family.h"
#include "net/headers.h"
#include "net/parse.h"

namespace warren::datapath {

// The frame is a whole TCP segment with TTL above 1.
template <typename Family>
void direct(net::Bytes frame, const net::Parsed& parsed) {
    auto& ip = net::header_in<typename Family::Header>(frame, parsed.l3_offset);
    Family::set_hop_limit(ip, static_cast<std::uint8_t>(Family::hop_limit(ip) - 1));
}

inline void direct(net::Bytes frame, const net::Parsed& parsed, const net::MacAddress& link_source,
                   const net::MacAddress& link_destination) {
    auto& ethernet = net::header_in<net::EthernetHeader>(frame, 0);
    ethernet.destination = link_destination;
    ethernet.source = link_source;
    if (parsed.network == net::Network::ipv4)
        direct<net::Ip4>(frame, parsed);
    else
        direct<net::Ip6>(frame, parsed);
}

}  // namespace warren::datapath
