// SPDX-License-Identifier: BSD-3-Clause
// VRRPv2 adverts in an IP Authentication Header: RFC 2338 5.3.6.3, RFC 2402, HMAC-MD5-96 of RFC
// 2403.
//   IPv4 (protocol 51) | next header 112, length 4, reserved 0, SPI = source address, sequence, ICV
//   (12) | VRRP message with auth type 2
// The ICV covers the packet with the IPv4 fields that routers change and the ICV itself as zero:
// TOS, flags and offset, checksum, and the TTL as AhTtl says. The digest comes from the caller.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/bytes.h"
#include "vrrp/advert.h"
#include "vrrp/advert_header.h"
#include "vrrp/ah_sequence.h"
#include "vrrp/settings.h"

namespace warren::vrrp {

using Icv = std::array<std::uint8_t, 12>;

// RFC 2403: the first 96 bits of HMAC-MD5.
class HmacMd5_96 {
  public:
    HmacMd5_96() = default;
    HmacMd5_96(const HmacMd5_96&) = delete;
    HmacMd5_96& operator=(const HmacMd5_96&) = delete;
    virtual ~HmacMd5_96() = default;
    virtual Icv operator()(net::ConstBytes key, net::ConstBytes text) = 0;
};

// The VRRP message behind an authentication header, for peek_vrid(); nothing is verified. Nothing
// when it is not VRRP, or too short.
std::optional<net::ConstBytes> ah_payload(net::ConstBytes l4);

// `packet`: an IPv4 packet of protocol 51 from its first header byte to its total length. The
// cheap checks of decode() come first; `sequence`, which outlives a reload, moves only
// when the ICV is right.
Decoded decode_ah(net::ConstBytes packet, const Settings& settings, AhSequence& sequence,
                  HmacMd5_96& hmac);

// `packet`: IPv4 header without options, ah_bytes of room, encode()'s message. Writes the
// authentication header with the next sequence number. false: the numbers are used up (RFC 2402
// 3.3.2: they must never cycle) and nothing may be sent.
bool seal_ah(net::Bytes packet, const Settings& settings, AhSequence& sequence, HmacMd5_96& hmac);

}  // namespace warren::vrrp
