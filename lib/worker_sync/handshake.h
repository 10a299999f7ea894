// SPDX-License-Identifier: BSD-3-Clause
// Flows in the handshake, to and from records. In FNAT and NAT one is sent once the server has
// answered. In DR and TUN the server's answer does not pass here, so the client's SYN is all that
// is known until its ACK: both warrens have such a flow in syn_sent, whose other fields are local,
// and its record says syn_received without the server's sequence numbers.
#pragma once

#include <cstdint>

#include "flow/flow.h"
#include "flow/syn_offer.h"

namespace warren::worker_sync {

// Whether its client may have the server's SYN-ACK already.
inline bool may_be_answered(const flow::Flow& f) {
    return f.state == flow::TcpState::syn_received ||
           (f.state == flow::TcpState::syn_sent && !flow::sees_both_sides(f.method));
}

inline flow::Flow to_record(const flow::Flow& known) {
    flow::Flow f = known;
    if (f.state != flow::TcpState::syn_sent) return f;
    f.state = flow::TcpState::syn_received;
    f.next_to_client = f.ack_from_client = 0;
    f.resets_to_client = f.resets_to_server = 0;
    return f;
}

inline flow::Flow from_record(const flow::Flow& record, std::uint32_t now_us) {
    flow::Flow f = record;
    if (f.state != flow::TcpState::syn_received || flow::sees_both_sides(f.method)) return f;
    f.state = flow::TcpState::syn_sent;
    f.syn_sent_us = now_us;
    flow::remember_syn(f, {});
    return f;
}

}  // namespace warren::worker_sync
