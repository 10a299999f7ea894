// SPDX-License-Identifier: BSD-3-Clause
// A flow whose server is told who the client is, by a PROXY header before the client's first byte.
// The header goes as a segment of our own, so nothing grows, and the client's numbers are shifted
// by its length from then on: a seq_delta like any other. Nobody keeps it for sending it again; it
// is made again from the flow when the client sends what the server would have answered: its first
// byte once more, or another ACK to a SYN-ACK that the server has sent once more. It is due from
// the SYN on until the server has acknowledged all of it; so long ack_from_server stays where it
// begins.
#pragma once

#include <cstdint>

#include "flow/flow.h"
#include "flow/sequence.h"
#include "net/proxy_header.h"

namespace warren::flow {

inline net::ProxyHeader proxy_header_of(const Flow& f) {
    return net::proxy_header(f.header_due, {f.client_address(), f.client_port.host()},
                             {f.vip(), f.service_port.host()});
}

// Something has been sent behind the SYN (which may carry data itself), and the header before it:
// seq_delta has its length.
inline bool header_has_gone(const Flow& f) {
    return f.state != TcpState::syn_sent && f.state != TcpState::syn_received &&
           f.next_to_server != f.ack_from_server;
}

// In the server's numbers, when the header has gone.
inline std::uint32_t first_byte_of_client(const Flow& f) {
    return f.ack_from_server + proxy_header_of(f).size();
}

// While it is due: whether it goes before this segment of the client's, in the client's numbers.
// What begins with the first byte does not the first time, for the header has just gone; and a RST
// goes by the server's next number, so the header must be there.
inline bool header_goes_before(const Flow& f, Segment s) {
    s.sequence += f.seq_delta;
    if (!header_has_gone(f)) {
        const SegmentKind kind = kind_of(s.flags);
        return f.state != TcpState::syn_sent && answers_server(f, s) &&
               (kind == SegmentKind::other || kind == SegmentKind::fin);
    }
    const std::uint32_t first = first_byte_of_client(f);
    return s.sequence == first && (s.length == 0 || f.next_to_server != first);
}

}  // namespace warren::flow
