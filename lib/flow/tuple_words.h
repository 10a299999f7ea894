// SPDX-License-Identifier: BSD-3-Clause
// A Tuple as the words that it is hashed and compared by, made of a packet's header without the
// detour over 16 bytes of memory, which the next load would have to wait for.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flow/flow.h"
#include "net/address.h"
#include "net/headers.h"

namespace warren::flow {

// An IpAddress's bytes, eight at a time as they lie in memory.
using AddressWords = std::array<std::uint64_t, 2>;

constexpr AddressWords words_of(const net::IpAddress& address) {
    return std::bit_cast<AddressWords>(address.bytes());
}
constexpr AddressWords words_of(const net::Ipv6Bytes& address) {
    return std::bit_cast<AddressWords>(address);
}
// Of IpAddress::v4(address).
constexpr AddressWords words_of(net::Be32 address) {
    constexpr std::uint64_t prefix = net::Be32(0x0000ffff).raw();
    if constexpr (std::endian::native == std::endian::little)
        return {0, std::uint64_t{address.raw()} << 32 | prefix};
    else
        return {0, prefix << 32 | address.raw()};
}
static_assert(words_of(net::Be32(0xc0000201)) == words_of(net::IpAddress::v4(192, 0, 2, 1)));

struct TupleWords {
    AddressWords source;
    AddressWords destination;
    net::Be16 source_port;
    net::Be16 destination_port;

    static constexpr TupleWords of(const Tuple& t) {
        return {words_of(t.source), words_of(t.destination), t.source_port, t.destination_port};
    }
};

// Whether a packet of that tuple is one of the flow that comes from that side, without a branch.
inline bool is_key(const Flow& f, Side from, const TupleWords& t) {
    static_assert(offsetof(Flow, local_address) - offsetof(Flow, vip) ==
                      offsetof(Flow, server_address) - offsetof(Flow, client_address) &&
                  offsetof(Flow, local_port) - offsetof(Flow, service_port) ==
                      offsetof(Flow, server_port) - offsetof(Flow, client_port));
    // The server's pair of addresses and of ports lies behind the client's.
    const auto side = static_cast<std::size_t>(from);
    const auto* line = reinterpret_cast<const std::uint8_t*>(&f);
    std::array<std::uint64_t, 4> addresses;
    std::memcpy(addresses.data(), line + side * sizeof(addresses), sizeof(addresses));
    std::array<std::uint16_t, 2> ports;
    std::memcpy(ports.data(), line + offsetof(Flow, client_port) + side * sizeof(ports),
                sizeof(ports));
    const auto port_bits = static_cast<std::uint64_t>((ports[0] ^ t.source_port.raw()) |
                                                      (ports[1] ^ t.destination_port.raw()));
    return ((addresses[0] ^ t.source[0]) | (addresses[1] ^ t.source[1]) |
            (addresses[2] ^ t.destination[0]) | (addresses[3] ^ t.destination[1]) | port_bits) == 0;
}

}  // namespace warren::flow
