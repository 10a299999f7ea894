// SPDX-License-Identifier: BSD-3-Clause
#include "vrrp/ah.h"

#include <algorithm>
#include <cassert>

#include "net/headers.h"

namespace warren::vrrp {
namespace {

struct AhHeader {
    net::IpProtocol next_header{};
    std::uint8_t payload_length = 0;  // 32-bit words, minus 2
    net::Be16 reserved;
    net::Be32 spi;
    net::Be32 sequence;
    Icv icv{};
};
static_assert(sizeof(AhHeader) == ah_bytes);

constexpr std::uint8_t hmac_96_length = 4;  // RFC 2402 2.2
constexpr std::size_t max_ipv4_header_bytes = 60;
constexpr std::size_t max_packet_bytes =
    max_ipv4_header_bytes + ah_bytes + 8 + max_addresses * 4 + 8;

// The form without the TTL is RFC 2402's, and keepalived's for unicast.
bool keeps_ttl(const Settings& settings) {
    return settings.ah_ttl == AhTtl::covered && !settings.is_unicast();
}

// RFC 2402 3.3.3: mutable fields and the ICV count as zero.
Icv icv_of(net::ConstBytes packet, bool keep_ttl, net::ConstBytes key, HmacMd5_96& hmac) {
    std::array<std::uint8_t, max_packet_bytes> copy;
    assert(packet.size() <= copy.size());
    std::copy(packet.begin(), packet.end(), copy.begin());
    auto ip = net::load<net::Ipv4Header>(copy, 0);
    const std::size_t ah_offset = ip.header_bytes();
    ip.type_of_service = 0;
    ip.fragment = {};
    ip.checksum = {};
    if (!keep_ttl) ip.time_to_live = 0;
    net::store(net::Bytes(copy), 0, ip);
    auto ah = net::load<AhHeader>(copy, ah_offset);
    ah.icv = {};
    net::store(net::Bytes(copy), ah_offset, ah);
    return hmac(key, net::ConstBytes(copy).first(packet.size()));
}

// In constant time: how long it takes tells nothing about the right value.
bool same(const Icv& a, const Icv& b) {
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned>(a[i] ^ b[i]);
    return difference == 0;
}

// Both forms are good on receive.
bool verify(net::ConstBytes packet, const Icv& icv, const Settings& settings, HmacMd5_96& hmac) {
    const bool first = keeps_ttl(settings);
    return same(icv, icv_of(packet, first, settings.auth_data, hmac)) ||
           same(icv, icv_of(packet, !first, settings.auth_data, hmac));
}

}  // namespace

std::optional<net::ConstBytes> ah_payload(net::ConstBytes l4) {
    if (l4.size() < ah_bytes) return std::nullopt;
    const auto ah = net::load<AhHeader>(l4, 0);
    if (ah.next_header != net::IpProtocol::vrrp || ah.payload_length != hmac_96_length)
        return std::nullopt;
    return l4.subspan(ah_bytes);
}

Decoded decode_ah(net::ConstBytes packet, const Settings& settings, AhSequence& sequence,
                  HmacMd5_96& hmac) {
    if (settings.auth_type != AuthType::ah) return RejectReason::ah_unexpected;
    if (packet.size() < sizeof(net::Ipv4Header)) return RejectReason::ah_format;
    const auto ip = net::load<net::Ipv4Header>(packet, 0);
    if (ip.header_bytes() < sizeof(net::Ipv4Header) || ip.header_bytes() > packet.size() ||
        packet.size() > max_packet_bytes)
        return RejectReason::ah_format;
    const net::ConstBytes l4 = packet.subspan(ip.header_bytes());
    const std::optional<net::ConstBytes> message = ah_payload(l4);
    if (!message) return RejectReason::ah_format;

    const Datagram datagram{*message, ip.time_to_live, net::IpAddress::v4(ip.source),
                            net::IpAddress::v4(ip.destination), true};
    const Decoded decoded = decode(datagram, settings);
    if (std::holds_alternative<RejectReason>(decoded)) return decoded;

    const auto ah = net::load<AhHeader>(l4, 0);
    if (!verify(packet, ah.icv, settings, hmac)) return RejectReason::ah_icv;
    if (ah.spi != ip.source) return RejectReason::ah_spi;
    if (!sequence.accept(ip.source, ah.sequence.host())) return RejectReason::ah_replay;
    return decoded;
}

bool seal_ah(net::Bytes packet, const Settings& settings, AhSequence& sequence, HmacMd5_96& hmac) {
    assert(packet.size() >= sizeof(net::Ipv4Header) + ah_bytes);
    const std::optional<std::uint32_t> number = sequence.next();
    if (!number) return false;
    const auto ip = net::load<net::Ipv4Header>(packet, 0);
    AhHeader ah;
    ah.next_header = net::IpProtocol::vrrp;
    ah.payload_length = hmac_96_length;
    ah.spi = ip.source;
    ah.sequence = net::Be32(*number);
    net::store(packet, sizeof(ip), ah);
    ah.icv = icv_of(packet, keeps_ttl(settings), settings.auth_data, hmac);
    net::store(packet, sizeof(ip), ah);
    return true;
}

}  // namespace warren::vrrp
