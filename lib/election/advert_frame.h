// SPDX-License-Identifier: BSD-3-Clause
// One VRRP advertisement as a whole frame, to the multicast group or to one unicast peer. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "election/vrrp_link.h"
#include "net/address.h"
#include "net/bytes.h"
#include "net/headers.h"
#include "vrrp/advert.h"

namespace warren::election {

struct AdvertTarget {
    net::IpAddress address;  // of the family of the virtual router
    net::MacAddress mac;
    std::uint8_t hop_limit = vrrp::multicast_ttl;
};

inline constexpr std::size_t max_advert_frame_bytes =
    sizeof(net::EthernetHeader) + sizeof(net::Ipv6Header) + vrrp::max_message_bytes;

// RFC 1112 6.4 and RFC 2464 7: the group's low 23 or 32 bits.
net::MacAddress multicast_mac(const net::IpAddress& group);

// The plan's group.
AdvertTarget multicast_target(const RouterPlan& plan);

// Returns the frame's length, or 0 when it does not fit. With auth_type AH the caller seals what
// ah_packet() gives.
std::size_t build_advert_frame(net::Bytes out, const RouterPlan& plan, std::uint8_t priority,
                               const AdvertTarget& target);

// The IP packet of a built frame, with room for the authentication header.
inline net::Bytes ah_packet(net::Bytes frame) {
    return frame.subspan(sizeof(net::EthernetHeader));
}

}  // namespace warren::election
