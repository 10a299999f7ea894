// SPDX-License-Identifier: BSD-3-Clause
// The number that hashing schedulers know a client by. No secret in it: the two warrens, and one
// before and after its restart, must send a client to the same server.
#pragma once

#include <cstdint>
#include <cstring>

#include "net/address.h"
#include "net/bytes.h"
#include "net/mix.h"

namespace warren::balance {

constexpr std::uint64_t mix(std::uint64_t z) {
    return net::split_mix(z);
}

// Port 0: all connections of the address are one client.
inline std::uint64_t client_key(const net::IpAddress& address, net::Be16 port = net::Be16(0)) {
    std::uint64_t words[2];
    std::memcpy(words, address.bytes().data(), sizeof(words));
    return mix(mix(mix(words[0]) ^ words[1]) ^ port.host());
}

}  // namespace warren::balance
