// SPDX-License-Identifier: BSD-3-Clause
// A Tuple as the words that it is hashed and compared by, made of a packet's header without the
// detour over 16 bytes of memory, which the next load would have to wait for.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

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
    return {0, net::joined(net::Be32(0x0000ffff).raw(), address.raw())};
}
static_assert(words_of(net::Be32(0xc0000201)) == words_of(net::IpAddress::v4(192, 0, 2, 1)));

// Of IPv4: both addresses as they lie in the header.
struct TupleWords4 {
    std::uint64_t addresses;
    std::uint32_t ports;  // the source's and the destination's as they lie in memory
};

struct TupleWords6 {
    AddressWords source;
    AddressWords destination;
    std::uint32_t ports;
};

constexpr std::uint32_t ports_of(const Tuple& t) {
    return net::joined(t.source_port.raw(), t.destination_port.raw());
}

// Calls with_words() with a TupleWords4 or a TupleWords6. A tuple of both families is no packet's.
template <typename WithWords>
constexpr auto in_words(const Tuple& t, WithWords with_words) {
    if (t.source.is_v4() && t.destination.is_v4())
        return with_words(TupleWords4{
            net::joined(t.source.tail().raw(), t.destination.tail().raw()), ports_of(t)});
    return with_words(TupleWords6{words_of(t.source), words_of(t.destination), ports_of(t)});
}

// Each by itself: copies of several words go over memory.
template <typename Word>
Word word_at(const void* at) {
    Word word;
    std::memcpy(&word, at, sizeof(word));
    return word;
}

namespace detail {

// The server's pair of ports lies behind the client's.
inline std::uint32_t ports_of(const Flow& f, Side from) {
    static_assert(offsetof(Flow, server_port) == offsetof(Flow, client_port) + 4);
    const auto* line = reinterpret_cast<const std::uint8_t*>(&f);
    return word_at<std::uint32_t>(line + offsetof(Flow, client_port) +
                                  sizeof(std::uint32_t) * static_cast<std::size_t>(from));
}

inline AddressWords words_of(const AddressHead& head, net::Be32 tail) {
    return {word_at<std::uint64_t>(head.data()),
            net::joined(word_at<std::uint32_t>(&head[sizeof(std::uint64_t)]), tail.raw())};
}

// No bit is set where the address is that one.
inline std::uint64_t difference(const AddressHead& head, net::Be32 tail,
                                const AddressWords& words) {
    const AddressWords own = words_of(head, tail);
    return (own[0] ^ words[0]) | (own[1] ^ words[1]);
}

}  // namespace detail

// The same of what a flow's packets from that side have as their tuple.
template <typename WithWords>
auto in_words(const Flow& f, Side from, WithWords with_words) {
    const AddressTails& tails = f.tails[static_cast<std::size_t>(from)];
    const std::uint32_t ports = detail::ports_of(f, from);
    if (f.is_v4(from)) return with_words(TupleWords4{word_at<std::uint64_t>(&tails), ports});
    const AddressHeads& heads = f.heads[static_cast<std::size_t>(from)];
    return with_words(TupleWords6{detail::words_of(heads.theirs, tails.theirs),
                                  detail::words_of(heads.ours, tails.ours), ports});
}

// No bit is set where a packet of that tuple has the flow's addresses and ports of that side. In
// IPv4 those are the flow's only if it is_v4() there.
inline std::uint64_t difference(const Flow& f, Side from, const TupleWords4& t) {
    const auto addresses = word_at<std::uint64_t>(&f.tails[static_cast<std::size_t>(from)]);
    return (addresses ^ t.addresses) | (detail::ports_of(f, from) ^ t.ports);
}
inline std::uint64_t difference(const Flow& f, Side from, const TupleWords6& t) {
    const AddressHeads& heads = f.heads[static_cast<std::size_t>(from)];
    const AddressTails& tails = f.tails[static_cast<std::size_t>(from)];
    return detail::difference(heads.theirs, tails.theirs, t.source) |
           detail::difference(heads.ours, tails.ours, t.destination) |
           (detail::ports_of(f, from) ^ t.ports);
}

// Whether a packet of that tuple is one of the flow that comes from that side, without a branch.
inline bool is_key(const Flow& f, Side from, const TupleWords4& t) {
    return (difference(f, from, t) | std::uint64_t{!f.is_v4(from)}) == 0;
}
inline bool is_key(const Flow& f, Side from, const TupleWords6& t) {
    return difference(f, from, t) == 0;
}

// Flow::sent_to() of a flow that sees both sides, in the family of Words: what comes from there
// with its ends changed.
template <typename Words>
Words words_sent_to(const Flow& f, Side to) {
    const AddressTails& tails = f.tails[static_cast<std::size_t>(to)];
    const std::uint32_t ports = std::rotl(detail::ports_of(f, to), 16);
    if constexpr (std::is_same_v<Words, TupleWords4>) {
        return {std::rotl(word_at<std::uint64_t>(&tails), 32), ports};
    } else {
        const AddressHeads& heads = f.heads[static_cast<std::size_t>(to)];
        return {detail::words_of(heads.ours, tails.ours),
                detail::words_of(heads.theirs, tails.theirs), ports};
    }
}

}  // namespace warren::flow
