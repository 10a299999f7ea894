// SPDX-License-Identifier: BSD-3-Clause
// The Internet checksum: whole (RFC 1071) and incremental (RFC 1624). Sums are ones' complement
// sums of the 16-bit words as they lie in memory, kept unfolded in 64 bits: RFC 1071 2(B) makes
// byte order irrelevant as long as the result is stored the same way.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "net/bytes.h"
#include "net/headers.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace warren::net {

// To 16 bits with end-around carry. Only 0 folds to 0: ones' complement has a second zero, 0xffff.
constexpr std::uint16_t fold(std::uint64_t sum) {
    // Both halves plus what their sum carries stand in the upper half of the sum with them swapped.
    const auto words = static_cast<std::uint32_t>((sum + std::rotl(sum, 32)) >> 32);
    return static_cast<std::uint16_t>((words + std::rotl(words, 16)) >> 16);
}

#ifdef __SSE2__
// The sum of whole blocks, eight words at a time: as signed ones they can be added in pairs, so
// each is taken as far below zero as the range is wide. At most max_blocks, or a lane overflows.
inline constexpr std::size_t block_bytes = 32;
inline constexpr std::size_t max_blocks = 32'768;
inline std::uint64_t sum_of_blocks(const std::uint8_t* at, std::size_t blocks) {
    constexpr std::int64_t lowered = 0x8000;
    const __m128i lower = _mm_set1_epi16(static_cast<short>(lowered));
    const __m128i one = _mm_set1_epi16(1);
    const auto pairs_at = [&](const std::uint8_t* words) {
        const __m128i loaded = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
        return _mm_madd_epi16(_mm_xor_si128(loaded, lower), one);
    };
    __m128i even = _mm_setzero_si128(), odd = even;
    for (std::size_t i = 0; i < blocks; ++i, at += block_bytes) {
        even = _mm_add_epi32(even, pairs_at(at));
        odd = _mm_add_epi32(odd, pairs_at(at + block_bytes / 2));
    }
    std::array<std::int32_t, 8> lanes;
    std::memcpy(lanes.data(), &even, sizeof(even));
    std::memcpy(&lanes[4], &odd, sizeof(odd));
    std::int64_t sum = static_cast<std::int64_t>(blocks) * (block_bytes / 2) * lowered;
    for (const std::int32_t lane : lanes)
        sum += lane;
    return static_cast<std::uint64_t>(sum);
}
#endif

// Adds `bytes` to `sum`. A part of odd length is only right as the last one.
inline std::uint64_t add_to_sum(std::uint64_t sum, ConstBytes bytes) {
    const std::uint8_t* at = bytes.data();
    std::size_t left = bytes.size();
#ifdef __SSE2__
    constexpr std::size_t worth_it = 4 * block_bytes;
    while (left >= worth_it) {
        const std::size_t blocks = std::min(left / block_bytes, max_blocks);
        sum += sum_of_blocks(at, blocks);
        at += blocks * block_bytes;
        left -= blocks * block_bytes;
    }
#endif
    for (; left >= 4; at += 4, left -= 4) {
        std::uint32_t word;
        std::memcpy(&word, at, 4);
        sum += word;
    }
    std::uint32_t rest = 0;  // zero padded on the right, as the RFC pads
    if (left != 0) std::memcpy(&rest, at, left);
    return sum + rest;
}

// The checksum field for data whose sum (with a zero field) is `sum`.
constexpr Be16 checksum_of(std::uint64_t sum) {
    return Be16::from_raw(static_cast<std::uint16_t>(~fold(sum)));
}

// Data with its right checksum inside sums to 0xffff.
constexpr bool is_valid_sum(std::uint64_t sum) {
    return fold(sum) == 0xffff;
}

inline Be16 internet_checksum(ConstBytes bytes) {
    return checksum_of(add_to_sum(0, bytes));
}
inline bool is_checksum_valid(ConstBytes bytes, std::uint64_t pseudo_header = 0) {
    return is_valid_sum(add_to_sum(pseudo_header, bytes));
}

// RFC 9293 3.1 and RFC 8200 8.1: addresses, protocol and length of what the IP header carries.
constexpr std::uint64_t pseudo_header_tail(IpProtocol protocol, std::size_t l4_bytes) {
    return std::uint64_t{Be16(static_cast<std::uint8_t>(protocol)).raw()} +
           Be32(static_cast<std::uint32_t>(l4_bytes)).raw();
}
constexpr std::uint64_t pseudo_header_sum(Be32 source, Be32 destination, IpProtocol protocol,
                                          std::size_t l4_bytes) {
    return pseudo_header_tail(protocol, l4_bytes) + source.raw() + destination.raw();
}
inline std::uint64_t pseudo_header_sum(const Ipv6Bytes& source, const Ipv6Bytes& destination,
                                       IpProtocol protocol, std::size_t l4_bytes) {
    return add_to_sum(add_to_sum(pseudo_header_tail(protocol, l4_bytes), source), destination);
}

// What a change of some fields does to a checksum: RFC 1624 equation 3, HC' = ~(~HC + ~m + m').
// Fields must start at an even offset of the checksummed data, or be given byte by byte. A checksum
// that was wrong stays wrong by as much, so damage on the way is still seen by the receiver.
class ChecksumDelta {
  public:
    constexpr ChecksumDelta() = default;

    constexpr void replace(Be16 from, Be16 to) {
        sum_ += static_cast<std::uint16_t>(~from.raw());
        sum_ += to.raw();
    }
    constexpr void replace(Be32 from, Be32 to) {
        sum_ += static_cast<std::uint32_t>(~from.raw());
        sum_ += to.raw();
    }
    constexpr void replace(const Ipv6Bytes& from, const Ipv6Bytes& to) {
        const auto old = std::bit_cast<std::array<Be32, 4>>(from);
        const auto now = std::bit_cast<std::array<Be32, 4>>(to);
        for (std::size_t i = 0; i < old.size(); ++i)
            replace(old[i], now[i]);
    }
    // One byte at any offset from the start of the checksummed data.
    constexpr void replace_byte(std::size_t offset, std::uint8_t from, std::uint8_t to) {
        const bool odd = offset % 2 != 0;
        replace(odd ? Be16(from) : Be16(static_cast<std::uint16_t>(from << 8)),
                odd ? Be16(to) : Be16(static_cast<std::uint16_t>(to << 8)));
    }
    // A whole part, e.g. the pseudo header of another family.
    constexpr void replace_sum(std::uint64_t from, std::uint64_t to) {
        sum_ += static_cast<std::uint16_t>(~fold(from));
        sum_ += fold(to);
    }
    constexpr void add(const ChecksumDelta& other) { sum_ += other.sum_; }

    // Never turns a nonzero sum into the wrong zero: what a full computation gives, this gives.
    constexpr Be16 apply(Be16 checksum) const {
        return checksum_of(sum_ + static_cast<std::uint16_t>(~checksum.raw()));
    }

    // A delta that is the same for every packet of a flow fits 16 bits.
    constexpr std::uint16_t folded() const { return fold(sum_); }

  private:
    std::uint64_t sum_ = 0;
};

}  // namespace warren::net
