// SPDX-License-Identifier: BSD-3-Clause
// A datagram between two warrens: header, payload, 16 bytes of tag. Big endian:
//   0 magic  2 version  3 kind  4 payload bytes  6 records  7 flags  8 sender's nonce
//   16 receiver's nonce  24 sequence  32 sequence - oldest unresolved  36 time_us
//   40 echoed time_us  44 key id  48 payload, tag
// The tag is the caller's: HMAC-SHA256 cut to 128 bits (RFC 2104 5) over covered(), to be written
// to tag_of() before it is sent, and compared before Session::receive(). Never fragmented: at most
// the interface's MTU less IP and UDP headers, and max_datagram_bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "net/bytes.h"

namespace warren::sync {

inline constexpr std::uint16_t magic = 0x5742;  // "WB"
inline constexpr std::uint8_t lowest_version = 1;
inline constexpr std::uint8_t highest_version = 1;
inline constexpr std::size_t header_bytes = 48;
inline constexpr std::size_t tag_bytes = 16;
inline constexpr std::size_t max_datagram_bytes = 1'452;  // 1,500 less IPv6 and UDP
inline constexpr std::size_t min_datagram_bytes = 1'232;  // 1,280 less the same: IPv6's least MTU
inline constexpr std::size_t max_payload_bytes = max_datagram_bytes - header_bytes - tag_bytes;

enum class Kind : std::uint8_t {
    hello,
    records,
    ack,
    bulk_begin,
    bulk_end,
    digest,
    take_over,
    inventory,
};
inline constexpr std::size_t kind_count = 8;

namespace datagram_flag {
inline constexpr std::uint8_t urgent = 0x01;  // to be acknowledged at once
}

struct Header {
    std::uint8_t version = highest_version;
    Kind kind = Kind::hello;  // unknown ones stay what they are
    std::uint8_t records = 0;
    std::uint8_t flags = 0;
    std::uint64_t sender_nonce = 0;
    std::uint64_t receiver_nonce = 0;  // 0: the sender does not know it, hello only
    std::uint64_t sequence = 0;
    std::uint64_t oldest_unresolved = 0;  // what is below has been received or is void
    std::uint32_t time_us = 0;
    std::uint32_t echoed_time_us = 0;  // the receiver's time, and how long it was held; 0: none
    std::uint32_t key_id = 0;

    friend bool operator==(const Header&, const Header&) = default;
};

// Why a datagram counts for nothing, in the order of the checks.
enum class Discard : std::uint8_t {
    malformed,  // too short, too long, or no datagram of ours
    wrong_ttl,  // counted by who reads the socket, as is the next
    bad_tag,
    wrong_boot,  // addressed to an earlier life of ours, or from nobody's
    replayed,
    bad_version,
};
inline constexpr std::size_t discard_count = 6;

struct Datagram {
    Header header;
    net::ConstBytes payload;
};

// Into `to`, which has room for header, payload and tag; returns all of it, the tag being zero.
net::Bytes build(const Header& header, net::ConstBytes payload, net::Bytes to);
std::variant<Datagram, Discard> parse(net::ConstBytes bytes);

// Of a datagram that is at least as long as header and tag.
inline net::ConstBytes covered(net::ConstBytes datagram) {
    return datagram.first(datagram.size() - tag_bytes);
}
inline net::Bytes tag_of(net::Bytes datagram) {
    return datagram.last(tag_bytes);
}
inline net::ConstBytes tag_of(net::ConstBytes datagram) {
    return datagram.last(tag_bytes);
}

}  // namespace warren::sync
