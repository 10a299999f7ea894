// SPDX-License-Identifier: BSD-3-Clause
// IP in IP: RFC 2003 (4 in 4), RFC 4213 3 (6 in 4), RFC 2473 (4 in 6, 6 in 6). The outer header
// carries the inner one's traffic class, ECN included (RFC 6040), its DF (an IPv6 packet counts as
// DF: nobody but its sender may fragment it), and a hop limit of 64.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/address.h"
#include "net/build.h"
#include "net/bytes.h"

namespace warren::net {

constexpr std::size_t tunnel_header_bytes(const IpAddress& outer) {
    return outer.is_v4() ? sizeof(Ipv4Header) : sizeof(Ipv6Header);
}

struct TunnelEnds {
    IpAddress source;  // both of one family, whatever the inner one is
    IpAddress destination;
};

// `frame` begins with tunnel_header_bytes() of room, then an untagged frame with an IP packet of
// `packet_bytes`. It becomes the frame with the outer header, without padding; returns its length.
// `identification` is for packets that may be fragmented.
std::size_t encapsulate(Bytes frame, const Link& link, const TunnelEnds& ends, Network inner,
                        std::size_t packet_bytes, std::uint16_t identification);

}  // namespace warren::net
