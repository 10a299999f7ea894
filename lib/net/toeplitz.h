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
// port. As many of the hash's low bits as Part has: all, or what chooses an entry.
template <typename Part>
class RssTable {
  public:
    explicit constexpr RssTable(const RssKey& key) {
        for (std::size_t byte = 0; byte < parts_.size(); ++byte)
            for (unsigned value = 1; value < 256; ++value) {
                const unsigned rest = value & (value - 1);
                const auto lowest = static_cast<unsigned>(std::countr_zero(value));
                parts_[byte][value] =
                    static_cast<Part>(parts_[byte][rest] ^ key_window(key, byte * 8 + 7 - lowest));
            }
    }

    // The part of a word, as it lies in memory, that begins `offset` bytes into the tuple.
    template <typename Word>
    constexpr Part word(std::size_t offset, Word word) const {
        Part part = 0;
        for (std::size_t i = 0; i < sizeof(Word); ++i) {
            const std::size_t at =
                std::endian::native == std::endian::little ? i : sizeof(Word) - 1 - i;
            part = static_cast<Part>(part ^ parts_[offset + i][word >> 8 * at & 0xff]);
        }
        return part;
    }

    constexpr Part addresses(const IpAddress& source, const IpAddress& destination) const {
        if (source.is_v4()) return word(0, joined(source.tail().raw(), destination.tail().raw()));
        Part part = 0;
        for (std::size_t i = 0; i < source.bytes().size(); ++i)
            part = static_cast<Part>(part ^ word(i, source.bytes()[i]) ^
                                     word(16 + i, destination.bytes()[i]));
        return part;
    }
    constexpr Part ports(bool is_v4, Be16 source, Be16 destination) const {
        return word(is_v4 ? 8 : 32, joined(source.raw(), destination.raw()));
    }
    constexpr Part destination_port(bool is_v4, Be16 destination) const {
        return ports(is_v4, Be16(0), destination);
    }
    constexpr Part tuple(const IpAddress& source, const IpAddress& destination, Be16 source_port,
                         Be16 destination_port) const {
        return static_cast<Part>(addresses(source, destination) ^
                                 ports(source.is_v4(), source_port, destination_port));
    }

  private:
    static constexpr std::size_t tuple_bytes = 36;  // the longer one, of IPv6

    // What each byte of the tuple adds, by its value.
    std::array<std::array<Part, 256>, tuple_bytes> parts_{};
};

}  // namespace warren::net
