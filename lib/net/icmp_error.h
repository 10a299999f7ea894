// SPDX-License-Identifier: BSD-3-Clause
// ICMP and ICMPv6 errors: those we send about a packet, and those that pass through us and must
// speak of the packet as its sender knows it (RFC 5508 4, RFC 4443).
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/bytes.h"
#include "net/parse.h"

namespace warren::net {

enum class IcmpErrorKind : std::uint8_t { time_exceeded, too_big };

// The error about a received, unfragmented packet that parsed, from `own` back the way it came. It
// quotes as much as the RFCs allow. `out` may begin where `received` begins. `mtu` is that of
// too_big. 0: no room.
std::size_t build_icmp_error(Bytes out, ConstBytes received, const Parsed& packet,
                             const IpAddress& own, IcmpErrorKind kind, std::uint16_t mtu = 0);

// What an error that passes through says afterwards; all addresses are of one family, which need
// not be the message's.
struct IcmpErrorRewrite {
    IpAddress source;
    IpAddress destination;
    IpAddress quoted_source;
    IpAddress quoted_destination;
    Be16 quoted_source_port;
    Be16 quoted_destination_port;
    std::uint32_t add_to_sequence = 0;         // of the quoted segment
    std::uint32_t add_to_acknowledgement = 0;  // if it is quoted that far
};

// `quoted` is parse_quoted() of `message`, a TCP segment; the untagged frame stands at the start of
// `room`, and so does the result, whose length is returned. The hop limit goes down by one, the
// quoted checksums follow as far as they are quoted, and the message's own is computed anew. Into
// the other family the message and the quote get new headers (RFC 7915 4.2, 4.3, 5.2, 5.3). 0: that
// family has no such message, or there is no room.
std::size_t rewrite_icmp_error(Bytes room, const Parsed& message, const Parsed& quoted,
                               const IcmpErrorRewrite& to);

}  // namespace warren::net
