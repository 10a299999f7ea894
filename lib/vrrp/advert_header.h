// SPDX-License-Identifier: BSD-3-Clause
// The fixed part of a message, the same 8 bytes in both versions: RFC 3768 5.1, RFC 9568 5.1.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/bytes.h"
#include "vrrp/settings.h"

namespace warren::vrrp {

struct AdvertHeader {
    std::uint8_t version_type;
    std::uint8_t vrid;
    std::uint8_t priority;
    std::uint8_t address_count;
    net::Be16 timing;  // v2: auth type, interval in s; v3: 4 reserved bits, interval in cs
    net::Be16 checksum;

    AuthType auth_type(Version version) const {
        return version == Version::v2 ? static_cast<AuthType>(timing.host() >> 8) : AuthType::none;
    }
    std::uint64_t interval_ns(Version version) const {
        return version == Version::v2 ? (timing.host() & 0xffU) * ns_per_s
                                      : (timing.host() & 0xfffU) * ns_per_cs;
    }
};

inline constexpr std::size_t header_bytes = 8;
inline constexpr std::size_t ah_bytes = 24;  // of the authentication header before it (ah.h)
static_assert(sizeof(AdvertHeader) == header_bytes);

constexpr std::size_t address_bytes(bool ipv6) {
    return ipv6 ? 16 : 4;
}

}  // namespace warren::vrrp
