// SPDX-License-Identifier: BSD-3-Clause
// How many bytes a flow has carried: the end of what was forwarded to each side, which is kept for
// RSTs anyway, less where it began. So nothing is counted per segment, what was sent again counts
// once, and the count is of the stream modulo 2^32. Of a flow that came from the peer it begins
// with the first segment of each end that passed here. DR and TUN: what the client acknowledged.
#pragma once

#include <cstdint>

#include "flow/flow.h"
#include "flow/sequence.h"
#include "flow/unsure.h"

namespace warren::flow {

// In the number space of the side it goes to.
struct FlowStart {
    std::uint32_t to_server = 0;
    std::uint32_t to_client = 0;
};

// Of a flow that has just opened: no data has been acknowledged yet.
inline FlowStart start_of(const Flow& f) {
    return {f.ack_from_server, f.ack_from_client};
}

// The first segment of an end whose numbers were not known for sure; ask before learn().
inline void start_again(FlowStart& start, const Flow& f, Side from, const Segment& s) {
    if (!is_unsure(f, from) || (s.flags & net::tcp_flag::rst) != 0) return;
    (from == Side::client ? start.to_server : start.to_client) = s.sequence;
    if (!sees_both_sides(f.method)) start.to_client = s.acknowledgement;
}

struct Carried {
    std::uint32_t to_server = 0;
    std::uint32_t to_client = 0;

    friend bool operator==(const Carried&, const Carried&) = default;
};

// `state`: the last one that the flow was open in; a FIN takes a number and is no byte.
inline Carried carried(const Flow& f, const FlowStart& start, TcpState state) {
    if (!has_opened(state)) return {};
    const auto less_fin = [&](std::uint32_t numbers, TcpState fin_sent) {
        const bool has_fin = state == fin_sent || state == TcpState::time_wait;
        return numbers - static_cast<std::uint32_t>(has_fin && numbers != 0);
    };
    Carried bytes;
    if (!is_unsure(f, Side::client))
        bytes.to_server = less_fin(f.next_to_server - start.to_server, TcpState::fin_client);
    if (is_unsure(f, Side::server)) return bytes;
    bytes.to_client = sees_both_sides(f.method)
                          ? less_fin(f.next_to_client - start.to_client, TcpState::fin_server)
                          : f.ack_from_client - start.to_client;
    return bytes;
}

}  // namespace warren::flow
