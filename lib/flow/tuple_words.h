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
    std::uint32_t ports;  // the source's and the destination's as they lie in memory

    static constexpr TupleWords of(const Tuple& t) {
        return {words_of(t.source), words_of(t.destination),
                std::bit_cast<std::uint32_t>(std::array{t.source_port, t.destination_port})};
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
    const auto word = [&](std::size_t i) {  // each by itself: copies of several go over memory
        std::uint64_t word;
        std::memcpy(&word, line + side * sizeof(AddressWords) * 2 + i * sizeof(word), sizeof(word));
        return word;
    };
    std::uint32_t ports;
    std::memcpy(&ports, line + offsetof(Flow, client_port) + side * sizeof(ports), sizeof(ports));
    return ((word(0) ^ t.source[0]) | (word(1) ^ t.source[1]) | (word(2) ^ t.destination[0]) |
            (word(3) ^ t.destination[1]) | (ports ^ t.ports)) == 0;
}

}  // namespace warren::flow
