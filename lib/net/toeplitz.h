// SPDX-License-Identifier: BSD-3-Clause
// The RSS hash of NICs (Toeplitz, Microsoft's RSS specification), to choose or compute the queue of
// a flow. It is linear over XOR: hash(a ^ b) = hash(a) ^ hash(b), so the hash of a tuple is the XOR
// of its fields' parts at their offsets, and a port can be searched by its part alone. Equals
// DPDK's rte_softrss.
#pragma once

#include <array>
#include <cstdint>

#include "net/address.h"
#include "net/bytes.h"

namespace warren::net {

inline constexpr std::size_t rss_key_bytes = 40;
using RssKey = std::array<std::uint8_t, rss_key_bytes>;

// Of the hash the low bits choose an entry of the indirection table. Ours has so many; a larger one
// repeats them.
inline constexpr unsigned rss_entries = 128;

// The part of `bytes` lying `offset` bytes into the hashed tuple, offset + bytes.size() <= 36: for
// each of its set bits, the 32 key bits that begin at the bit's position.
constexpr std::uint32_t toeplitz_part(const RssKey& key, std::size_t offset, ConstBytes bytes) {
    std::uint32_t hash = 0;
    for (const std::uint8_t byte : bytes) {
        std::uint64_t window = 0;  // 40 key bits: the byte's eight positions
        for (std::size_t i = 0; i < 5; ++i)
            window = window << 8 | (offset + i < key.size() ? key[offset + i] : 0U);
        for (unsigned bit = 0; bit < 8; ++bit)
            if ((byte & 0x80U >> bit) != 0) hash ^= static_cast<std::uint32_t>(window >> (8 - bit));
        ++offset;
    }
    return hash;
}

// The tuple as NICs hash it: source, destination (4 or 16 bytes each), source port, destination
// port.
class RssHash {
  public:
    explicit constexpr RssHash(const RssKey& key) : key_(key) {}

    constexpr std::uint32_t addresses(const IpAddress& source, const IpAddress& destination) const {
        return toeplitz_part(key_, 0, own_bytes(source)) ^
               toeplitz_part(key_, own_bytes(source).size(), own_bytes(destination));
    }
    constexpr std::uint32_t ports(bool is_v4, Be16 source, Be16 destination) const {
        const std::size_t offset = is_v4 ? 8 : 32;
        return port(offset, source) ^ port(offset + 2, destination);
    }
    constexpr std::uint32_t tuple(const IpAddress& source, const IpAddress& destination,
                                  Be16 source_port, Be16 destination_port) const {
        return addresses(source, destination) ^
               ports(source.is_v4(), source_port, destination_port);
    }

  private:
    static constexpr ConstBytes own_bytes(const IpAddress& ip) {
        return ConstBytes(ip.bytes()).subspan(ip.is_v4() ? 12 : 0);
    }
    constexpr std::uint32_t port(std::size_t offset, Be16 port) const {
        const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(port.host() >> 8),
                                                static_cast<std::uint8_t>(port.host())};
        return toeplitz_part(key_, offset, bytes);
    }

    RssKey key_;
};

}  // namespace warren::net
