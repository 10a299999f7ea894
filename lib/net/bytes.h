// SPDX-License-Identifier: BSD-3-Clause
// Network byte order as a type: a Be16 or Be32 never mixes with a host integer by accident, so a
// forgotten swap is a compile error. All are plain bytes of alignment 1, so wire structs made of
// them have no padding and may lie at any offset of a frame; compilers turn the accesses into
// single moves.
#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <compare>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace warren::net {

constexpr std::uint16_t swap_to_network(std::uint16_t v) {
    return std::endian::native == std::endian::little ? __builtin_bswap16(v) : v;
}
constexpr std::uint32_t swap_to_network(std::uint32_t v) {
    return std::endian::native == std::endian::little ? __builtin_bswap32(v) : v;
}
constexpr std::uint64_t swap_to_network(std::uint64_t v) {
    return std::endian::native == std::endian::little ? __builtin_bswap64(v) : v;
}

// Two words that lie one behind the other, as one. Written to memory and read again as a whole, the
// read would have to wait for both.
constexpr std::uint64_t joined(std::uint32_t first, std::uint32_t second) {
    if constexpr (std::endian::native == std::endian::little)
        return std::uint64_t{second} << 32 | first;
    else
        return std::uint64_t{first} << 32 | second;
}
constexpr std::uint32_t joined(std::uint16_t first, std::uint16_t second) {
    if constexpr (std::endian::native == std::endian::little)
        return std::uint32_t{second} << 16 | first;
    else
        return std::uint32_t{first} << 16 | second;
}

template <typename Host>
class BigEndian {
  public:
    constexpr BigEndian() = default;
    explicit constexpr BigEndian(Host host) : bytes_(to_bytes(swap_to_network(host))) {}

    constexpr Host host() const { return swap_to_network(raw()); }
    // The integer as it lies in memory: for checksums and hashing only.
    constexpr Host raw() const { return std::bit_cast<Host>(bytes_); }
    static constexpr BigEndian from_raw(Host raw) {
        BigEndian v;
        v.bytes_ = to_bytes(raw);
        return v;
    }

    friend constexpr bool operator==(BigEndian a, BigEndian b) { return a.raw() == b.raw(); }
    friend constexpr auto operator<=>(BigEndian a, BigEndian b) { return a.host() <=> b.host(); }

  private:
    using Raw = std::array<std::uint8_t, sizeof(Host)>;
    static constexpr Raw to_bytes(Host raw) { return std::bit_cast<Raw>(raw); }

    Raw bytes_{};
};

using Be16 = BigEndian<std::uint16_t>;
using Be32 = BigEndian<std::uint32_t>;
using Be64 = BigEndian<std::uint64_t>;
static_assert(sizeof(Be16) == 2 && alignof(Be16) == 1);
static_assert(sizeof(Be32) == 4 && alignof(Be32) == 1);

// Frame bytes that a function may only read, and those it may rewrite in place.
using ConstBytes = std::span<const std::uint8_t>;
using Bytes = std::span<std::uint8_t>;

// Reads a wire struct at `offset`. The caller has checked offset + sizeof(T) <= bytes.size().
template <typename T>
T load(ConstBytes bytes, std::size_t offset) {
    assert(offset + sizeof(T) <= bytes.size());
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
}

template <typename T>
void store(Bytes bytes, std::size_t offset, const T& value) {
    assert(offset + sizeof(T) <= bytes.size());
    std::memcpy(bytes.data() + offset, &value, sizeof(T));
}

// A wire struct seen in place; the same condition. Only for structs made of bytes, Be16 and Be32.
template <typename T>
const T& header_at(ConstBytes bytes, std::size_t offset) {
    static_assert(alignof(T) == 1 && std::is_trivially_copyable_v<T>);
    assert(offset + sizeof(T) <= bytes.size());
    return *reinterpret_cast<const T*>(bytes.data() + offset);
}

template <typename T>
T& header_in(Bytes bytes, std::size_t offset) {
    static_assert(alignof(T) == 1 && std::is_trivially_copyable_v<T>);
    assert(offset + sizeof(T) <= bytes.size());
    return *reinterpret_cast<T*>(bytes.data() + offset);
}

}  // namespace warren::net
