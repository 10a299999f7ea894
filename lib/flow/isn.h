// SPDX-License-Identifier: BSD-3-Clause
// Initial sequence numbers towards a server (RFC 6528 3): ISN = M + F(server, local address and
// ports, secret key), M a clock of 4 us ticks, F SipHash-2-4 (Aumasson and Bernstein 2012). A port
// used again thus starts beyond what the server's TIME-WAIT still holds, while nobody else can tell
// the next number.
#pragma once

#include <array>
#include <cstdint>

#include "flow/flow.h"
#include "net/bytes.h"

namespace warren::flow {

using SipKey = std::array<std::uint64_t, 2>;

std::uint64_t siphash_2_4(const SipKey& key, net::ConstBytes message);

// `clock_4us`: any monotonic clock divided to 4 us, as long as it never goes back (so not across a
// restart: the key changes then too). Machines that share the key share the clock.
std::uint32_t initial_sequence(const SipKey& key, const Tuple& server_tuple,
                               std::uint32_t clock_4us);

}  // namespace warren::flow
