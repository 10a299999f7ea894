// SPDX-License-Identifier: BSD-3-Clause
// The RSS hash of NICs (Toeplitz, Microsoft's RSS specification), to choose or compute the queue of
// a flow. It is linear over XOR: hash(a ^ b) = hash(a) ^ hash(b), so the hash of a tuple is the XOR
// of its fields' parts at their offsets, and a port can be searched by its part alone. Equals
// DPDK's rte_softrss.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "net/address.h"
#include "net/bytes.h"

namespace warren::net {

inline constexpr std::size_t rss_key_bytes = 40;
using RssKey = std::array<std::uint8_t, rss_key_bytes>;

// Of the hash the low bits choose an entry of the indirection table. Ours has so many; a larger one
// repeats them.
inline constexpr unsigned rss_entries = 128;

// The 32 key bits that begin `bit` bits into it; zeros follow its end.
constexpr std::uint32_t key_window(const RssKey& key, std::size_t bit) {
    std::uint64_t window = 0;
    for (std::size_t i = 0; i < 5; ++i)
        window = window << 8 | (bit / 8 + i < key.size() ? key[bit / 8 + i] : 0U);
    return static_cast<std::uint32_t>(window >> (8 - bit % 8));
}

// The tuple as NICs hash it: source, destination (4 or 16 bytes each), source port, destination
// port.
class RssHash {
  public:
    explicit constexpr RssHash(const RssKey& key) {
        for (std::size_t byte = 0; byte < parts_.size(); ++byte)
            for (unsigned value = 1; value < 256; ++value) {
                const unsigned rest = value & (value - 1);
                const auto lowest = static_cast<unsigned>(std::countr_zero(value));
                parts_[byte][value] = parts_[byte][rest] ^ key_window(key, byte * 8 + 7 - lowest);
            }
    }

    constexpr std::uint32_t addresses(const IpAddress& source, const IpAddress& destination) const {
        return source.is_v4() ? parts<4>(source, destination) : parts<16>(source, destination);
    }
    constexpr std::uint32_t ports(bool is_v4, Be16 source, Be16 destination) const {
        const std::size_t offset = is_v4 ? 8 : 32;
        return port(offset, source) ^ port(offset + 2, destination);
    }
    constexpr std::uint32_t destination_port(bool is_v4, Be16 destination) const {
        return port(is_v4 ? 10 : 34, destination);
    }
    constexpr std::uint32_t tuple(const IpAddress& source, const IpAddress& destination,
                                  Be16 source_port, Be16 destination_port) const {
        return addresses(source, destination) ^
               ports(source.is_v4(), source_port, destination_port);
    }

  private:
    static constexpr std::size_t tuple_bytes = 36;  // the longer one, of IPv6

    constexpr std::uint32_t port(std::size_t offset, Be16 port) const {
        return parts_[offset][port.host() >> 8] ^ parts_[offset + 1][port.host() & 0xffU];
    }
    // Of addresses that are so long: their last bytes.
    template <std::size_t bytes>
    constexpr std::uint32_t parts(const IpAddress& source, const IpAddress& destination) const {
        const std::size_t first = source.bytes().size() - bytes;
        std::uint32_t hash = 0;
        for (std::size_t i = 0; i < bytes; ++i)
            hash ^= parts_[i][source.bytes()[first + i]] ^
                    parts_[bytes + i][destination.bytes()[first + i]];
        return hash;
    }

    // What each byte of the tuple adds, by its value.
    std::array<std::array<std::uint32_t, 256>, tuple_bytes> parts_{};
};

}  // namespace warren::net
