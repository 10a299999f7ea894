// SPDX-License-Identifier: BSD-3-Clause
// Keepalive probes (RFC 9293 3.8.4, RFC 1122 4.2.3.6) in the name of the other end: a flow that has
// idled as long as it may lives on if both ends still answer, so that no connection of a client
// without keepalives ends while it is good. A probe's sequence number lies one before what its
// receiver has acknowledged, so it must be answered with an ACK, or with RST by a host that knows
// the connection no more (RFC 9293 3.10.7.4 and 3.10.7.1).
#pragma once

#include <cstdint>

#include "flow/flow.h"
#include "flow/unsure.h"

namespace warren::flow {

inline constexpr unsigned probes_max = 3;
inline constexpr Tick ticks_between_probes = ticks_of_seconds(5);

// In the numbers of the end it goes to.
struct Probe {
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
};

// Where our numbers may be old, the sequence number may lie anywhere, and by chance where it would
// be taken. Then the ACK is too old: such a segment is answered as well (RFC 5961 5.2), and moves
// no window. Linux answers one in 500 ms.
inline Probe probe_for(const Flow& f, Side to) {
    const std::uint32_t too_old = is_unsure(f) ? 1U << 30 : 0;
    if (to == Side::client)
        return {f.ack_from_client - 1, f.next_to_server - f.seq_delta - too_old};
    return {f.ack_from_server - 1, f.next_to_client - too_old};
}

constexpr std::uint8_t awaits_flag(Side side) {
    return side == Side::client ? flow_flag::awaits_client : flow_flag::awaits_server;
}

inline bool awaits(const Flow& f, Side side) {
    return (f.flags & awaits_flag(side)) != 0;
}

inline bool awaits_any(const Flow& f) {
    return (f.flags & (flow_flag::awaits_client | flow_flag::awaits_server)) != 0;
}

// Another round of probes may begin, to every end that has not answered; false: too many were
// sent in vain. In DR and TUN the server's answer would not come this way, so it is not asked.
inline bool begin_probe(Flow& f) {
    constexpr unsigned shift = 2;
    if (!awaits_any(f)) {
        f.flags &= static_cast<std::uint8_t>(~flow_flag::probes);
        f.flags |= flow_flag::awaits_client;
        if (sees_both_sides(f.method)) f.flags |= flow_flag::awaits_server;
    }
    if ((f.flags & flow_flag::probes) >> shift >= probes_max) return false;
    f.flags = static_cast<std::uint8_t>(f.flags + flow_flag::one_probe);
    return true;
}

// A segment came from that end. The flow counts as seen only when nobody is awaited: one end alone
// must not keep it.
inline void note_seen(Flow& f, Side from, Tick now) {
    f.flags &= static_cast<std::uint8_t>(~awaits_flag(from));
    if (!awaits_any(f)) f.last_seen = now;
}

}  // namespace warren::flow
