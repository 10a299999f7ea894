// SPDX-License-Identifier: BSD-3-Clause
// Network byte order as a type: a Be16 or Be32 never mixes with a host integer by accident, so a
// forgotten swap is a compile error. Both are trivially copyable and lie in wire structs as they are.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <span>

namespace warren::net {

constexpr std::uint16_t swap_to_network(std::uint16_t v) {
    return std::endian::native == std::endian::little ? __builtin_bswap16(v) : v;
}
constexpr std::uint32_t swap_to_network(std::uint32_t v) {
    return std::endian::native == std::endian::little ? __builtin_bswap32(v) : v;
}

template <typename Host>
class BigEndian {
  public:
    constexpr BigEndian() = default;
    explicit constexpr BigEndian(Host host) : raw_(swap_to_network(host)) {}

    constexpr Host host() const { return swap_to_network(raw_); }
    // The integer as it lies in memory: for checksums and hashing only.
    constexpr Host raw() const { return raw_; }
    static constexpr BigEndian from_raw(Host raw) {
        BigEndian v;
        v.raw_ = raw;
        return v;
    }

    friend constexpr bool operator==(BigEndian, BigEndian) = default;
    friend constexpr auto operator<=>(BigEndian a, BigEndian b) { return a.host() <=> b.host(); }

  private:
    Host raw_ = 0;
};

using Be16 = BigEndian<std::uint16_t>;
using Be32 = BigEndian<std::uint32_t>;
static_assert(sizeof(Be16) == 2 && sizeof(Be32) == 4);

// Frame bytes that a function may only read, and those it may rewrite in place.
using ConstBytes = std::span<const std::uint8_t>;
using Bytes = std::span<std::uint8_t>;

// Reads a wire struct at `offset`. The caller has checked offset + sizeof(T) <= bytes.size().
template <typename T>
T load(ConstBytes bytes, std::size_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
}

template <typename T>
void store(Bytes bytes, std::size_t offset, const T& value) {
    std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

}  // namespace warren::net
