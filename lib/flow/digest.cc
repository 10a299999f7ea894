// SPDX-License-Identifier: BSD-3-Clause
#include "flow/digest.h"

#include <array>
#include <bit>

namespace warren::flow {

namespace {

// Without padding: what is hashed is the same on every machine.
struct Identity {
    Tuple client;
    Tuple server;
    net::Be32 seq_delta;
};
static_assert(sizeof(Identity) == 2 * sizeof(Tuple) + 4);

}  // namespace

std::uint64_t identity_hash(const SipKey& key, const Tuple& client, const Tuple& server,
                            std::uint32_t seq_delta) {
    const Identity identity{client, server, net::Be32(seq_delta)};
    return siphash_2_4(key, std::bit_cast<std::array<std::uint8_t, sizeof(Identity)>>(identity));
}

std::uint64_t identity_hash(const SipKey& key, const Flow& flow) {
    return identity_hash(key, flow.client_tuple(), flow.server_tuple(), flow.seq_delta);
}

std::uint16_t interface_hash(std::string_view name) {
    std::uint32_t hash = 0x811c9dc5;
    for (const char c : name)
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x01000193;
    const auto both_halves = static_cast<std::uint16_t>(hash ^ hash >> 16);
    return both_halves == 0 ? std::uint16_t{1} : both_halves;
}

}  // namespace warren::flow
