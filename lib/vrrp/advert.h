// SPDX-License-Identifier: BSD-3-Clause
// VRRP advertisements on the wire: the VRRP message only, IP and Ethernet belong to lib/net and the
// runner.
//   v2 (RFC 3768 5.1):  ver|type vrid prio count | auth type, adver int (s), checksum | IPv4... |
//   auth data (8) v3 (RFC 9568 5.1):  ver|type vrid prio count | rsvd|max adver int (cs, 12 bits),
//   checksum | addresses...
// decode() never reads outside the bytes it got and changes nothing: a rejected advert touches no
// timer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "net/address.h"
#include "net/bytes.h"
#include "vrrp/settings.h"

namespace warren::vrrp {

// The addresses of a message, read in place: valid as long as the packet's bytes are.
class AddressList {
  public:
    AddressList() = default;
    AddressList(net::ConstBytes bytes, bool ipv6) : bytes_(bytes), ipv6_(ipv6) {}

    std::size_t size() const { return bytes_.size() / (ipv6_ ? 16 : 4); }
    net::IpAddress operator[](std::size_t index) const;

  private:
    net::ConstBytes bytes_;
    bool ipv6_ = false;
};

struct Advert {
    Version version = Version::v2;
    std::uint8_t vrid = 0;
    std::uint8_t priority = 0;
    std::uint64_t advert_interval_ns = 0;
    AuthType auth_type = AuthType::none;      // v2
    std::array<std::uint8_t, 8> auth_data{};  // v2
    AddressList addresses;
    bool addresses_differ =
        false;  // accepted all the same, as keepalived does; the instance counts it
    bool interval_differs = false;  // v3 only (v2 rejects): the backup learns the master's
    ChecksumForm checksum_form = ChecksumForm::message_only;
};

// In the order of the checks (RFC 3768 7.1, RFC 9568 7.1).
enum class RejectReason : std::uint8_t {
    ttl,      // not 255, or outside the peer's min_ttl..max_ttl
    version,  // another version than configured
    type,     // not ADVERTISEMENT
    length,   // shorter than its own counts say
    checksum,
    vrid,            // not ours: no such virtual router on this port
    own_advert,      // our own source address: looped back or a duplicate of our address
    destination,     // unicast or another group to a multicast instance, or the reverse
    unicast_source,  // from somebody who is no unicast_peer
    owner,           // we own the addresses (owner_ignore_adverts)
    auth_type,
    auth_data,
    ah_missing,        // plain VRRP, but AH is configured (RFC 2338 5.3.6.3)
    ah_unexpected,     // the reverse
    ah_format,         // another next header or length than HMAC-MD5-96's
    ah_icv,            // wrong key, or altered on the way
    ah_spi,            // not the source address
    ah_replay,         // sequence number not above its sender's last
    interval,          // v2: differs from ours; v3: zero
    address_count,     // v3: none
    address_list,      // v3 IPv6: the first is not link-local, though ours is
    malformed_packet,  // never reached decode(): the runner's IP parser gave up
};
inline constexpr std::size_t reject_reason_count = 22;
std::string_view name(RejectReason reason);

// What arrived, with what the IP header said about it. `payload` ends where the IP total length
// says, so Ethernet padding is no part of it.
struct Datagram {
    net::ConstBytes payload;
    std::uint8_t ttl = 0;
    net::IpAddress source;
    net::IpAddress destination;
    bool in_ah = false;  // came in an authentication header: decode_ah() only
};

using Decoded = std::variant<Advert, RejectReason>;
Decoded decode(const Datagram& datagram, const Settings& settings);

// The VRID, to find the instance (port, family, VRID) before decode(); nothing else has been
// checked then.
std::optional<std::uint8_t> peek_vrid(net::ConstBytes payload);

// How many addresses an advert of these settings lists behind an interface of that MTU; counted as
// keepalived does, with the Ethernet header, for it refuses adverts of another number.
std::size_t most_addresses(const Settings& settings, std::size_t mtu_bytes);

std::size_t encoded_size(const Settings& settings);

// The largest message: IPv6, 255 addresses.
inline constexpr std::size_t max_message_bytes = 8 + max_addresses * 16;

// Writes one message with `priority` (0 = giving up) and returns its size, or 0 when `out` is too
// small. Source and destination matter for sums over the pseudo-header only: encode once per
// unicast peer for those.
std::size_t encode(const Settings& settings, std::uint8_t priority, const net::IpAddress& source,
                   const net::IpAddress& destination, net::Bytes out);

}  // namespace warren::vrrp
