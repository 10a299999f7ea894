// SPDX-License-Identifier: BSD-3-Clause
// Frames we originate. Each function writes a whole frame into the caller's bytes and returns its
// length, or 0 when it does not fit or must not be sent. Nothing is padded to Ethernet's 60 bytes:
// drivers and NICs do that. *_in_place functions turn a received frame into its answer;
// build_reset_reply may too, its `out` may begin where `received` begins.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/bytes.h"
#include "net/family.h"
#include "net/parse.h"

namespace warren::net {

// The Ethernet header of a frame; vlan_id 0 means untagged.
struct Link {
    MacAddress source;
    MacAddress destination;
    std::uint16_t vlan_id = 0;
};

// ARP for IPv4 (RFC 826). The hardware address inside is the Ethernet source.
// Request form, target hardware address all ones: what keepalived sends and hosts are used to.
std::size_t build_gratuitous_arp(Bytes out, const MacAddress& source, Be32 address,
                                 std::uint16_t vlan_id = 0);
// Unsolicited neighbour advertisement to all nodes (RFC 4861 7.2.6) as a router that took the
// address over: R = 1, S = 0, O = 1, target link-layer address option (RFC 9568 6.4.1).
std::size_t build_unsolicited_advertisement(Bytes out, const MacAddress& source,
                                            const IpAddress& address, std::uint16_t vlan_id = 0);
// A parsed ARP request, probes (RFC 5227, sender 0.0.0.0) included, becomes our reply.
std::size_t arp_reply_in_place(Bytes frame, const Parsed& request, const MacAddress& own);

// A parsed ICMP or ICMPv6 echo request, or a fragment of one, becomes its reply or the same
// fragment of it (hop limit 64), sent from `own`. The checksum is updated, not recomputed: a
// damaged request gives a reply its sender will discard.
std::size_t echo_reply_in_place(Bytes frame, const Parsed& request, const MacAddress& own);

struct TcpSegment {
    IpAddress source;  // both of one family
    IpAddress destination;
    Be16 source_port;
    Be16 destination_port;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    std::uint8_t flags = 0;  // tcp_flag bits
    std::uint16_t window = 0;
    ConstBytes options{};  // a multiple of 4, at most 40
    ConstBytes payload{};
};
std::size_t build_tcp(Bytes out, const Link& link, const TcpSegment& segment);

// The RST that answers a parsed TCP segment for a connection that does not exist (RFC
// 9293 3.10.7.1), sent back the way it came, VLAN tags included. 0 for a RST: none is ever
// answered. The caller has checked that the frame was for us and is_l4_checksum_valid().
std::size_t build_reset_reply(Bytes out, ConstBytes received, const Parsed& segment);

// An IP packet of any protocol; fields.l4_bytes is filled in from `l4`, which carries its own
// checksum.
template <typename Family>
std::size_t build_ip(Bytes out, const Link& link, IpFields<typename Family::Address> fields,
                     ConstBytes l4);

extern template std::size_t build_ip<Ip4>(Bytes, const Link&, IpFields<Be32>, ConstBytes);
extern template std::size_t build_ip<Ip6>(Bytes, const Link&, IpFields<Ipv6Bytes>, ConstBytes);

}  // namespace warren::net
