// SPDX-License-Identifier: BSD-3-Clause
// What a worker remembers of each side's sequence numbers, and the RST segments it can make of
// them. A receiver takes a RST only at exactly its RCV.NXT (RFC 5961 3.2). We know two candidates:
// the end of what we forwarded to it (if nothing was lost behind us) and the last ACK seen from it
// (if the rest was). Numbers here are those the server sees; the client's copy of a RST is
// un-shifted.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "flow/flow.h"

namespace warren::flow {

// A segment in the numbers the server sees: the client's SEQ after the shift, the server's ACK
// before it.
struct Segment {
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    std::uint32_t length = 0;  // SEG.LEN: payload, and one each for SYN and FIN
    std::uint8_t flags = 0;

    bool has_ack() const { return (flags & net::tcp_flag::ack) != 0; }
};

// Keeps the later of the two, modulo 2^32.
constexpr void advance_to(std::uint32_t& highest, std::uint32_t candidate) {
    if (static_cast<std::int32_t>(candidate - highest) > 0) highest = candidate;
}

// Data of the client's that the server has been sent before: it, or its ACK, was lost. Ask before
// track(). A keepalive probe's one byte is no data (RFC 9293 3.8.4).
inline bool may_be_repeated(const Flow& f, const Segment& s) {
    return f.state == TcpState::established && s.length > 1;
}
inline bool is_repeated(const Flow& f, const Segment& s) {
    const std::uint32_t end = s.sequence + s.length;
    return may_be_repeated(f, s) && static_cast<std::int32_t>(end - f.next_to_server) <= 0;
}

// track() of a flow whose server has answered, of a segment that is no RST. Whether it ends where
// none had before, so that it is no repeated one.
inline bool track_open(Flow& f, Side from, const Segment& s) {
    std::uint32_t& highest = from == Side::client ? f.next_to_server : f.next_to_client;
    std::uint32_t& acknowledged = from == Side::client ? f.ack_from_client : f.ack_from_server;
    const std::uint32_t end = s.sequence + s.length;
    const bool is_new = static_cast<std::int32_t>(end - highest) > 0;
    if (is_new) highest = end;
    if (s.has_ack()) advance_to(acknowledged, s.acknowledgement);
    return is_new;
}

// Remembers a segment that is being forwarded; call it before step(). RSTs teach nothing.
inline void track(Flow& f, Side from, const Segment& s) {
    if ((s.flags & net::tcp_flag::rst) != 0) return;
    const std::uint32_t end = s.sequence + s.length;
    if (f.state == TcpState::syn_sent) {
        if (from == Side::server) {  // only a SYN-ACK means anything, and it starts that direction
            if (kind_of(s.flags) != SegmentKind::syn_ack) return;
            f.next_to_client = end;
            f.ack_from_client = s.sequence + 1;
            f.ack_from_server = s.acknowledgement;
        } else if (kind_of(s.flags) == SegmentKind::syn) {
            f.next_to_server = end;
            f.ack_from_server = s.sequence + 1;
        } else if (s.has_ack() && !sees_both_sides(f.method)) {
            advance_to(f.next_to_server, end);
            f.ack_from_client = s.acknowledgement;
        }
        return;
    }
    track_open(f, from, s);
}

// State syn_received: whether the client has seen the server's SYN. Anybody can send an ACK under
// any address, but not the one that acknowledges it.
inline bool answers_server(const Flow& f, const Segment& s) {
    return s.has_ack() &&
           s.acknowledgement - f.ack_from_client <= f.next_to_client - f.ack_from_client;
}

// A RST that its receiver will believe, as far as we can tell; any other one is forwarded (it draws
// a challenge ACK) but must not end the flow here.
inline bool reset_is_exact(const Flow& f, Side from, const Segment& s) {
    if (from == Side::client)
        return s.sequence == f.next_to_server || s.sequence == f.ack_from_server;
    if (f.state == TcpState::syn_sent)  // RFC 9293 3.10.7.3: judged by its ACK
        return s.has_ack() && s.acknowledgement == f.next_to_server;
    return s.sequence == f.next_to_client || s.sequence == f.ack_from_client;
}

// A RST in the numbers of the side it goes to.
struct Reset {
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    bool has_ack = false;

    std::uint8_t flags() const {
        return has_ack ? net::tcp_flag::rst | net::tcp_flag::ack : net::tcp_flag::rst;
    }
    friend bool operator==(const Reset&, const Reset&) = default;
};

struct Resets {
    std::array<Reset, 2> each{};
    std::uint8_t count = 0;

    const Reset* begin() const { return each.data(); }
    const Reset* end() const { return each.data() + count; }
};

namespace detail {
inline Resets at(std::uint32_t highest, std::uint32_t acknowledged, std::uint32_t ack) {
    Resets r;
    r.each[r.count++] = {highest, ack, true};
    if (acknowledged != highest) r.each[r.count++] = {acknowledged, ack, true};
    return r;
}
}  // namespace detail

// Nothing is known of the server's numbers.
inline bool is_unanswered(const Flow& f) {
    return f.state == TcpState::syn_sent || (f.flags & flow_flag::unanswered) != 0;
}

// The RSTs that tell `to` that its peer is gone.
inline Resets resets_for(const Flow& f, Side to) {
    Resets one;
    one.count = 1;
    if (to == Side::client) {
        const std::uint32_t ack = f.next_to_server - f.seq_delta;
        // In SYN-SENT a RST is judged by its ACK alone (RFC 9293 3.10.7.3).
        if (is_unanswered(f)) {
            one.each[0] = {0, ack, true};
            return one;
        }
        if (sees_both_sides(f.method)) return detail::at(f.next_to_client, f.ack_from_client, ack);
        one.each[0] = {f.ack_from_client, ack, true};
        return one;
    }
    // A wrong ACK in a RST would have a server in SYN-RECEIVED ignore it.
    if (is_unanswered(f) || !sees_both_sides(f.method)) {
        one.each[0] = {f.next_to_server, 0, false};
        return one;
    }
    return detail::at(f.next_to_server, f.ack_from_server, f.next_to_client);
}

inline constexpr std::uint8_t stub_answers_max = 3;

// A dead flow's answer to a segment from `from`, in the numbers of that side as they stand in the
// segment before any shift (RFC 9293 3.10.7.1). None: it was a RST, or that side has had its three.
inline std::optional<Reset> answer_as_stub(Flow& f, Side from, const Segment& unshifted) {
    std::uint8_t& given = from == Side::client ? f.resets_to_client : f.resets_to_server;
    if ((unshifted.flags & net::tcp_flag::rst) != 0 || given >= stub_answers_max)
        return std::nullopt;
    ++given;
    if (unshifted.has_ack()) return Reset{unshifted.acknowledgement, 0, false};
    return Reset{0, unshifted.sequence + unshifted.length, true};
}

}  // namespace warren::flow
