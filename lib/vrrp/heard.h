// SPDX-License-Identifier: BSD-3-Clause
// What an advert says of its sender, whether decode() takes it or not: for the operator, who must
// learn what differs. Nothing here has been verified.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "net/address.h"
#include "vrrp/advert.h"

namespace warren::vrrp {

struct Heard {
    static constexpr std::size_t most_addresses = 4;  // that are kept

    net::IpAddress source;
    net::IpAddress destination;
    std::uint8_t ttl = 0;
    bool in_ah = false;
    bool has_header = false;  // else it was too short, and what follows says nothing
    std::uint8_t version = 0;
    std::uint8_t priority = 0;
    std::uint8_t auth_type = 0;  // v2
    std::uint64_t advert_interval_ns = 0;
    std::uint8_t address_count = 0;  // as it says itself
    std::size_t addresses_kept = 0;  // of those, as far as they are there
    std::array<net::IpAddress, most_addresses> addresses{};
};

Heard hear(const Datagram& datagram, bool ipv6);

}  // namespace warren::vrrp
