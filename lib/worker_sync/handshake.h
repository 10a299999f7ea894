// SPDX-License-Identifier: BSD-3-Clause
// Handshakes as the peer is told of them. In FNAT and NAT there is something to tell when the
// server has answered. In DR and TUN the server's answer does not come by, so the client's SYN is
// all that there is of it until its ACK: both sides have such a flow in state syn_sent, whose other
// words are each warren's own, and it travels as syn_received without numbers of the server's.
#pragma once

#include <cstdint>

#include "flow/flow.h"
#include "flow/syn_offer.h"

namespace warren::worker_sync {

// A client may be told by its server that it is connected, or has been.
inline bool may_be_answered(const flow::Flow& f) {
    return f.state == flow::TcpState::syn_received ||
           (f.state == flow::TcpState::syn_sent && !flow::sees_both_sides(f.method));
}

inline flow::Flow as_told(const flow::Flow& known) {
    flow::Flow f = known;
    if (f.state != flow::TcpState::syn_sent) return f;
    f.state = flow::TcpState::syn_received;
    f.next_to_client = f.ack_from_client = 0;
    f.resets_to_client = f.resets_to_server = 0;
    return f;
}

inline flow::Flow as_taken(const flow::Flow& told, std::uint32_t now_us) {
    flow::Flow f = told;
    if (f.state != flow::TcpState::syn_received || flow::sees_both_sides(f.method)) return f;
    f.state = flow::TcpState::syn_sent;
    f.syn_sent_us = now_us;
    flow::remember_syn(f, {});
    return f;
}

}  // namespace warren::worker_sync
