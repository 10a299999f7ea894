// SPDX-License-Identifier: BSD-3-Clause
// What forwarding reads and changes in a segment that stays in its family, in words: MAC addresses,
// both ends, and the checksums that follow them (RFC 1624). For the fast lane and the whole way
// (datapath/rewrite.h).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flow/tuple_words.h"
#include "lane/plain.h"
#include "net/checksum.h"
#include "net/family.h"
#include "net/headers.h"

namespace warren::lane {

// A MAC address as a number's upper 48 bits, however it was loaded.
inline std::uint64_t mac_of(const net::MacAddress& mac) {
    const std::uint64_t first = flow::word_at<std::uint32_t>(mac.bytes.data());
    const std::uint64_t last = flow::word_at<std::uint16_t>(&mac.bytes[4]);
    return std::endian::native == std::endian::little ? last << 48 | first << 16
                                                      : first << 32 | last << 16;
}
inline constexpr std::uint64_t mac_bits = ~std::uint64_t{0xffff};
inline std::uint64_t destination_of(const net::EthernetHeader& ethernet) {
    const auto word = flow::word_at<std::uint64_t>(&ethernet);
    return std::endian::native == std::endian::little ? word << 16 : word & mac_bits;
}
inline std::uint64_t source_of(const net::EthernetHeader& ethernet) {
    constexpr std::size_t at = sizeof(net::EthernetHeader::destination) - 2;
    const auto word =
        flow::word_at<std::uint64_t>(reinterpret_cast<const std::uint8_t*>(&ethernet) + at);
    return std::endian::native == std::endian::little ? word & mac_bits : word << 16;
}

// What has changed of checksummed data, as a ones' complement sum of words in the order that they
// have in memory: a sum modulo 2^64 - 1 is one modulo 2^16 - 1 too.
inline std::uint64_t plus(std::uint64_t sum, std::uint64_t more) {
    const auto carry = static_cast<std::uint64_t>(__builtin_add_overflow(sum, more, &sum));
    return sum + carry;
}
// Below 2^33, so that some of them can be added as they are.
inline std::uint64_t change(std::uint32_t from, std::uint32_t to) {
    return std::uint64_t{to} + static_cast<std::uint32_t>(~from);
}
inline std::uint64_t change(std::uint64_t from, std::uint64_t to) {
    return plus(to, ~from);
}
inline std::uint64_t change(const flow::AddressWords& from, const flow::AddressWords& to) {
    return plus(change(from[0], to[0]), change(from[1], to[1]));
}

// RFC 1624, as net::ChecksumDelta::apply(): the complement of what a checksum is the complement of.
inline std::uint64_t summed(net::Be16 checksum) {
    return static_cast<std::uint16_t>(~checksum.raw());
}
// TTL and protocol share a word.
inline constexpr std::uint64_t one_hop_less = static_cast<std::uint16_t>(~net::Be16(0x0100).raw());

// New addresses, and a TTL of one less. Returns what that does to the TCP checksum.
[[gnu::always_inline]] inline std::uint64_t redirect(net::Ipv4Header& ip,
                                                     const flow::TupleWords4& from,
                                                     const flow::TupleWords4& to) {
    const std::uint64_t addresses = change(from.addresses, to.addresses);
    std::memcpy(reinterpret_cast<std::uint8_t*>(&ip) + offsetof(net::Ipv4Header, source),
                &to.addresses, sizeof(to.addresses));
    --ip.time_to_live;
    ip.checksum = net::checksum_of(plus(addresses, summed(ip.checksum) + one_hop_less));
    return addresses;
}
[[gnu::always_inline]] inline std::uint64_t redirect(net::Ipv6Header& ip,
                                                     const flow::TupleWords6& from,
                                                     const flow::TupleWords6& to) {
    std::memcpy(ip.source.data(), to.source.data(), sizeof(ip.source));
    std::memcpy(ip.destination.data(), to.destination.data(), sizeof(ip.destination));
    --ip.hop_limit;
    return plus(change(from.source, to.source), change(from.destination, to.destination));
}
[[gnu::always_inline]] inline void spend_hop(net::Ipv4Header& ip) {
    --ip.time_to_live;
    ip.checksum = net::checksum_of(summed(ip.checksum) + one_hop_less);
}
inline void spend_hop(net::Ipv6Header& ip) {
    --ip.hop_limit;
}

// Both ends and the TTL, which is above 1. `tcp_change`: of what has been changed of TCP's header
// already, below 2^35.
template <typename IpHeader, typename Ends>
[[gnu::always_inline]] inline void rewrite(IpHeader& ip, net::TcpHeader& tcp, const Ends& from,
                                           const Ends& to, std::uint64_t tcp_change) {
    tcp_change += change(from.ports, to.ports) + summed(tcp.checksum);
    std::memcpy(reinterpret_cast<std::uint8_t*>(&tcp), &to.ports, sizeof(to.ports));
    tcp.checksum = net::checksum_of(plus(redirect(ip, from, to), tcp_change));
}

}  // namespace warren::lane
