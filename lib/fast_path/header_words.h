// SPDX-License-Identifier: BSD-3-Clause
// Reading and rewriting a segment's headers by machine words: MACs, addresses, ports, TTL, with
// incremental checksums (RFC 1624). Within one family; for both paths (datapath/rewrite.h).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "fast_path/plain.h"
#include "flow/tuple_words.h"
#include "net/checksum.h"
#include "net/family.h"
#include "net/headers.h"

namespace warren::fast_path {

// A MAC address as a 64-bit number to compare: its 48 bits on top, the rest 0.
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

// Ones' complement sums of words in memory order (network byte order, never swapped: RFC 1071
// 2(B)). A sum modulo 2^64 - 1 is one modulo 2^16 - 1 as well.
inline std::uint64_t add_with_carry(std::uint64_t sum, std::uint64_t more) {
    const auto carry = static_cast<std::uint64_t>(__builtin_add_overflow(sum, more, &sum));
    return sum + carry;
}
// What changing `from` to `to` adds to the sum. Below 2^33, so a few can be added without carry.
inline std::uint64_t sum_difference(std::uint32_t from, std::uint32_t to) {
    return std::uint64_t{to} + static_cast<std::uint32_t>(~from);
}
inline std::uint64_t sum_difference(std::uint64_t from, std::uint64_t to) {
    return add_with_carry(to, ~from);
}
inline std::uint64_t sum_of(const flow::AddressWords& one, const flow::AddressWords& other) {
    return add_with_carry(add_with_carry(one[0], one[1]), add_with_carry(other[0], other[1]));
}

// The sum that a checksum field is the complement of.
inline std::uint64_t sum_of(net::Be16 checksum) {
    return std::uint64_t{checksum.raw()} ^ 0xffff;
}
// TTL is the upper byte of its 16-bit word.
inline constexpr std::uint64_t ttl_decrement = static_cast<std::uint16_t>(~net::Be16(0x0100).raw());

// New addresses, TTL less one. Returns the sum difference of the addresses, for TCP's checksum.
[[gnu::always_inline]] inline std::uint64_t readdress(net::Ipv4Header& ip,
                                                      const flow::TupleWords4& from,
                                                      const flow::TupleWords4& to) {
    const std::uint64_t addresses = sum_difference(from.addresses, to.addresses);
    std::memcpy(reinterpret_cast<std::uint8_t*>(&ip) + offsetof(net::Ipv4Header, source),
                &to.addresses, sizeof(to.addresses));
    --ip.time_to_live;
    ip.checksum = net::checksum_of(add_with_carry(addresses, sum_of(ip.checksum) + ttl_decrement));
    return addresses;
}
[[gnu::always_inline]] inline std::uint64_t readdress(net::Ipv6Header& ip,
                                                      const flow::TupleWords6& from,
                                                      const flow::TupleWords6& to) {
    // Summed before they are overwritten: `from` then needs no copy on the stack.
    const std::uint64_t addresses =
        sum_difference(sum_of(from.source, from.destination), sum_of(to.source, to.destination));
    std::memcpy(ip.source.data(), to.source.data(), sizeof(ip.source));
    std::memcpy(ip.destination.data(), to.destination.data(), sizeof(ip.destination));
    --ip.hop_limit;
    return addresses;
}
[[gnu::always_inline]] inline void decrement_hop_limit(net::Ipv4Header& ip) {
    --ip.time_to_live;
    ip.checksum = net::checksum_of(sum_of(ip.checksum) + ttl_decrement);
}
inline void decrement_hop_limit(net::Ipv6Header& ip) {
    --ip.hop_limit;
}

// New addresses and ports, TTL less one (it must be above 1). `tcp_change`: the sum difference of
// what the caller has changed in the TCP header already, below 2^35.
template <typename IpHeader, typename Ends>
[[gnu::always_inline]] inline void rewrite(IpHeader& ip, net::TcpHeader& tcp, const Ends& from,
                                           const Ends& to, std::uint64_t tcp_change) {
    tcp_change += sum_difference(from.ports, to.ports) + sum_of(tcp.checksum);
    std::memcpy(reinterpret_cast<std::uint8_t*>(&tcp), &to.ports, sizeof(to.ports));
    tcp.checksum = net::checksum_of(add_with_carry(readdress(ip, from, to), tcp_change));
}

}  // namespace warren::fast_path
