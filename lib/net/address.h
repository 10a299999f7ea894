// SPDX-License-Identifier: BSD-3-Clause
// Addresses. IpAddress holds both families in 16 bytes (IPv4 as ::ffff:a.b.c.d, RFC 4291 2.5.5.2),
// so tables, keys and snapshots need one kind of key; MacAddress is an EUI-48.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "net/bytes.h"

namespace warren::net {

struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};

    constexpr bool is_multicast() const { return (bytes[0] & 1) != 0; }
    constexpr bool is_zero() const { return *this == MacAddress{}; }
    std::string to_string() const;

    // One word: std::array would call memcmp.
    friend constexpr bool operator==(const MacAddress& a, const MacAddress& b) {
        return a.word() == b.word();
    }

  private:
    // Two loads, where std::bit_cast would copy over memory.
    constexpr std::uint64_t word() const {
        if (std::is_constant_evaluated()) {
            std::uint64_t word = 0;
            for (const std::uint8_t byte : bytes)
                word = word << 8 | byte;
            return word;
        }
        std::uint32_t first = 0;
        std::uint16_t last = 0;
        std::memcpy(&first, bytes.data(), sizeof(first));
        std::memcpy(&last, bytes.data() + sizeof(first), sizeof(last));
        return std::uint64_t{first} << 16 | last;
    }
};
static_assert(sizeof(MacAddress) == 6);

inline constexpr MacAddress broadcast_mac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

// 00:00:5e:00:01:VRID for IPv4, 00:00:5e:00:02:VRID for IPv6 (RFC 9568 7.3).
constexpr MacAddress virtual_router_mac(std::uint8_t vrid, bool ipv6 = false) {
    return {{0x00, 0x00, 0x5e, 0x00, static_cast<std::uint8_t>(ipv6 ? 2 : 1), vrid}};
}

constexpr bool is_virtual_router_mac(const MacAddress& mac) {
    return mac == virtual_router_mac(mac.bytes[5]) || mac == virtual_router_mac(mac.bytes[5], true);
}

class IpAddress {
  public:
    constexpr IpAddress() = default;  // "::", no address
    static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
        IpAddress ip;
        ip.bytes_ = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
        return ip;
    }
    static constexpr IpAddress v4(Be32 address) {
        IpAddress ip;
        ip.bytes_ = std::bit_cast<std::array<std::uint8_t, 16>>(Mapped{{}, mapped_prefix, address});
        return ip;
    }
    static constexpr IpAddress v6(const std::array<std::uint8_t, 16>& bytes) {
        IpAddress ip;
        ip.bytes_ = bytes;
        return ip;
    }
    // Of the parts that head() and tail() say.
    IpAddress(const std::array<std::uint8_t, 12>& head, Be32 tail) {
        std::uint64_t first = 0;
        std::uint32_t middle = 0;
        std::memcpy(&first, head.data(), sizeof(first));
        std::memcpy(&middle, head.data() + sizeof(first), sizeof(middle));
        bytes_ = std::bit_cast<std::array<std::uint8_t, 16>>(
            std::array{first, joined(middle, tail.raw())});
    }
    // "192.0.2.1" or "2001:db8::1", nothing else around it.
    static std::optional<IpAddress> parse(std::string_view text);

    constexpr bool is_v4() const {
        const auto words = std::bit_cast<Mapped>(bytes_);
        return words.zeros == std::array<Be32, 2>{} && words.prefix == mapped_prefix;
    }
    constexpr bool is_unspecified() const { return *this == IpAddress{}; }
    // fe80::/10; IPv4's 169.254/16 is nothing special to us.
    constexpr bool is_link_local() const { return bytes_[0] == 0xfe && bytes_[1] >> 6 == 2; }
    // 127/8, ::1.
    constexpr bool is_loopback() const {
        return is_v4() ? bytes_[12] == 127
                       : *this == v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    }
    // 224/4, ff00::/8.
    constexpr bool is_multicast() const {
        return is_v4() ? bytes_[12] >> 4 == 0xe : bytes_[0] == 0xff;
    }
    // The IPv4 address in network order; only when is_v4().
    constexpr Be32 as_v4() const { return std::bit_cast<Mapped>(bytes_).address; }
    constexpr const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
    // The last 32 bits, and what stands before them: the same for all IPv4 addresses.
    constexpr Be32 tail() const { return std::bit_cast<Parts>(bytes_).tail; }
    constexpr std::array<std::uint8_t, 12> head() const {
        return std::bit_cast<Parts>(bytes_).head;
    }
    std::string to_string() const;

    // Orders as an unsigned big-endian number, as VRRP's tie-break does (RFC 9568 6.4.3).
    friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;
    // Two words, as a lookup compares one with every entry it tries: std::array would call memcmp.
    friend constexpr bool operator==(const IpAddress& a, const IpAddress& b) {
        const auto x = std::bit_cast<std::array<std::uint64_t, 2>>(a.bytes_);
        const auto y = std::bit_cast<std::array<std::uint64_t, 2>>(b.bytes_);
        return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
    }

  private:
    // ::ffff:a.b.c.d as words, so that IPv4 addresses go in and out with a few moves.
    struct Mapped {
        std::array<Be32, 2> zeros;
        Be32 prefix;
        Be32 address;
    };
    static constexpr Be32 mapped_prefix{0x0000ffff};
    struct Parts {
        std::array<std::uint8_t, 12> head;
        Be32 tail;
    };

    std::array<std::uint8_t, 16> bytes_{};
};
static_assert(sizeof(IpAddress) == 16);

// An address with the length of its network part in bits of its own family (IPv4 0-32, IPv6 0-128).
struct Prefix {
    IpAddress address;
    std::uint8_t length = 0;

    // "192.0.2.1/24"; without a slash the length is the host's (32 or 128).
    static std::optional<Prefix> parse(std::string_view text);
    bool contains(const IpAddress& other) const;
    IpAddress network() const;  // the address without its host part
    std::string to_string() const;

    friend bool operator==(const Prefix&, const Prefix&) = default;
};

struct IpAddressHash {
    std::size_t operator()(const IpAddress& a) const {
        return std::hash<std::string_view>{}(
            {reinterpret_cast<const char*>(a.bytes().data()), a.bytes().size()});
    }
};

}  // namespace warren::net
