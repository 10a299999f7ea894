// SPDX-License-Identifier: BSD-3-Clause
// Between IPv4 and IPv6 (RFC 7915): the header that a packet gets in the other family, and what an
// ICMP error is called there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/address.h"
#include "net/family.h"
#include "net/headers.h"

namespace warren::net {

// RFC 7915 5.1: an IPv6 sender never goes below 1,280 bytes, so what it sends in packets that small
// may be fragmented on IPv4's side of us; anything larger asks for a packet-too-big.
inline constexpr std::size_t fragmentable_bytes = 1260;

// RFC 7915 4.1, 5.1 for a TCP segment of `l4_bytes`. Options, extension headers and the flow label
// end here. `identification` is for IPv4 packets that may be fragmented.
template <typename In, typename Out>
IpFields<typename Out::Address> translated_fields(const typename In::Header& in,
                                                  const IpAddress& source,
                                                  const IpAddress& destination,
                                                  std::size_t l4_bytes, std::uint8_t hop_limit,
                                                  std::uint16_t identification = 0) {
    IpFields<typename Out::Address> out;
    out.source = Out::narrow(source);
    out.destination = Out::narrow(destination);
    out.protocol = IpProtocol::tcp;
    out.hop_limit = hop_limit;
    out.traffic_class = In::traffic_class(in);
    out.dont_fragment = Out::header_bytes + l4_bytes > fragmentable_bytes;
    out.identification = out.dont_fragment ? std::uint16_t{0} : identification;
    out.l4_bytes = static_cast<std::uint16_t>(l4_bytes);
    return out;
}

// The header of an ICMP error in the family Out, its checksum not yet filled in; nothing where that
// family has no such message (RFC 7915 4.2, 5.2). `packet_bytes` is what the quoted IP header says:
// routers older than RFC 1191 do not tell the MTU.
template <typename Out>
std::optional<IcmpHeader> translate_icmp(const IcmpHeader& in, std::size_t packet_bytes);

template <>
std::optional<IcmpHeader> translate_icmp<Ip4>(const IcmpHeader& in, std::size_t packet_bytes);
template <>
std::optional<IcmpHeader> translate_icmp<Ip6>(const IcmpHeader& in, std::size_t packet_bytes);

}  // namespace warren::net
