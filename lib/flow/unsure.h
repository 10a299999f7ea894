// SPDX-License-Identifier: BSD-3-Clause
// A flow that the peer has told us of: its numbers are as old as that, by 2^31 and more if the ends
// have gone on meanwhile. The first segment of an end that passes here says what holds. Until one
// of either end has, nobody has been served here by what we know of the flow ("untouched"), and the
// peer's word counts.
#pragma once

#include <cstdint>

#include "flow/flow.h"
#include "flow/sequence.h"

namespace warren::flow {

constexpr std::uint8_t unsure_flag(Side side) {
    return side == Side::client ? flow_flag::unsure_client : flow_flag::unsure_server;
}

inline bool is_unsure(const Flow& f, Side side) {
    return (f.flags & unsure_flag(side)) != 0;
}
inline bool is_unsure(const Flow& f) {
    return (f.flags & flow_flag::unsure) != 0;
}

inline bool is_untouched(const Flow& f) {
    return (f.flags & flow_flag::unsure) == flow_flag::unsure;
}

inline void set_untouched(Flow& f) {
    f.flags |= flow_flag::unsure;
}

// Ask before track(). Sets the numbers: advance_to() would refuse one that is 2^31 ahead. A RST
// teaches nothing, and before the client has answered the server there is nothing to be unsure of.
// In DR and TUN nothing comes from the server.
inline void learn(Flow& f, Side from, const Segment& s) {
    if (!is_unsure(f, from) || (s.flags & net::tcp_flag::rst) != 0) return;
    f.flags &= static_cast<std::uint8_t>(~unsure_flag(from));
    if (!sees_both_sides(f.method)) f.flags &= static_cast<std::uint8_t>(~flow_flag::unsure_server);
    if (!has_opened(f.state)) return;
    const std::uint32_t end = s.sequence + s.length;
    (from == Side::client ? f.next_to_server : f.next_to_client) = end;
    if (s.has_ack())
        (from == Side::client ? f.ack_from_client : f.ack_from_server) = s.acknowledgement;
}

}  // namespace warren::flow
