// SPDX-License-Identifier: BSD-3-Clause
// The TCP state of a flow as somebody in the middle sees it: a const table
// next = table[state][side the segment came from][kind of segment], and how long each state may
// idle. RFC 9293 3.3.2 (states), RFC 5382 REQ-5 and RFC 7857 2 (timeouts). Ticks are 2^27 ns, about
// 134 ms.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "net/headers.h"

namespace warren::flow {

// The side a segment came from.
enum class Side : std::uint8_t { client, server };

enum class TcpState : std::uint8_t {
    none,          // a free record
    syn_sent,      // the client's SYN is on its way to a server
    syn_received,  // the server answered SYN-ACK
    established,
    fin_client,  // the client has sent FIN
    fin_server,  // the server has sent FIN
    time_wait,   // both have
    closed,      // an exact RST was seen
    dead,        // the server died: a stub that only answers with RST (datapath/dead_flows.h)
    elsewhere,  // a signpost: the flow is another worker's, server_id says whose (Flow::signpost())
};
inline constexpr std::size_t tcp_state_count = 10;

constexpr std::string_view name_of(TcpState state) {
    constexpr std::array<std::string_view, tcp_state_count> names{
        "none",       "syn_sent",  "syn_received", "established", "fin_client",
        "fin_server", "time_wait", "closed",       "dead",        "elsewhere"};
    static_assert(!names.back().empty(), "a state without a name");
    const auto index = static_cast<std::size_t>(state);
    return index < names.size() ? names[index] : "unknown";
}

enum class SegmentKind : std::uint8_t { syn, syn_ack, fin, rst, other };

constexpr SegmentKind kind_of(std::uint8_t flags) {
    if (flags & net::tcp_flag::rst) return SegmentKind::rst;
    if (flags & net::tcp_flag::syn)
        return flags & net::tcp_flag::ack ? SegmentKind::syn_ack : SegmentKind::syn;
    return flags & net::tcp_flag::fin ? SegmentKind::fin : SegmentKind::other;
}

namespace detail {
using enum TcpState;
using Row = std::array<std::array<TcpState, 5>, 2>;
// Each row: client {syn, syn_ack, fin, rst, other}, server {the same}.
inline constexpr std::array<Row, tcp_state_count> tcp_transitions{{
    /* none */
    {{{syn_sent, none, none, none, none}, {none, none, none, none, none}}},
    /* syn_sent: a server's bare ACK belongs to an old connection (RFC 9293 3.5.2) */
    {{{syn_sent, syn_sent, syn_sent, closed, syn_sent},
      {syn_sent, syn_received, syn_sent, closed, syn_sent}}},
    /* syn_received */
    {{{syn_received, syn_received, fin_client, closed, established},
      {syn_received, syn_received, fin_server, closed, syn_received}}},
    /* established: a SYN is answered by a challenge ACK end to end (RFC 5961 4.2) */
    {{{established, established, fin_client, closed, established},
      {established, established, fin_server, closed, established}}},
    /* fin_client */
    {{{fin_client, fin_client, fin_client, closed, fin_client},
      {fin_client, fin_client, time_wait, closed, fin_client}}},
    /* fin_server */
    {{{fin_server, fin_server, time_wait, closed, fin_server},
      {fin_server, fin_server, fin_server, closed, fin_server}}},
    /* time_wait */
    {{{time_wait, time_wait, time_wait, closed, time_wait},
      {time_wait, time_wait, time_wait, closed, time_wait}}},
    /* closed */
    {{{closed, closed, closed, closed, closed}, {closed, closed, closed, closed, closed}}},
    /* dead */
    {{{dead, dead, dead, dead, dead}, {dead, dead, dead, dead, dead}}},
    /* elsewhere */
    {{{elsewhere, elsewhere, elsewhere, elsewhere, elsewhere},
      {elsewhere, elsewhere, elsewhere, elsewhere, elsewhere}}},
}};
}  // namespace detail

// The state after a segment. The caller has asked reset_is_exact() (sequence.h) before a RST
// counts.
constexpr TcpState step(TcpState state, Side from, std::uint8_t flags) {
    return detail::tcp_transitions[static_cast<std::size_t>(state)][static_cast<std::size_t>(from)]
                                  [static_cast<std::size_t>(kind_of(flags))];
}

// DR and TUN show us the client's half only: its first ACK is what we see of the handshake.
constexpr TcpState step_one_way(TcpState state, std::uint8_t flags) {
    if (state == TcpState::syn_sent && kind_of(flags) == SegmentKind::other)
        return TcpState::established;
    return step(state, Side::client, flags);
}

// A client's SYN on such a flow starts a new one, and its local port may be taken again.
constexpr bool is_recyclable(TcpState s) {
    return s == TcpState::time_wait || s == TcpState::closed || s == TcpState::dead;
}

// The server still knows of this flow, so it counts as its load and is reset if it dies.
constexpr bool is_live(TcpState s) {
    return s != TcpState::none && s < TcpState::time_wait;
}

// It counts when servers are compared, as IPVS's active connections do: neither end has closed.
constexpr bool is_load(TcpState s) {
    return s == TcpState::syn_sent || s == TcpState::syn_received || s == TcpState::established;
}

// A bare ACK of either end's goes through and changes nothing.
constexpr bool is_past_opening(TcpState s) {
    return s >= TcpState::established && s <= TcpState::closed;
}

// What a peer knows too (flow sync).
constexpr bool is_synced(TcpState s) {
    return s == TcpState::established || s == TcpState::fin_client || s == TcpState::fin_server;
}

// The client has answered the server: what leaves the list of half-open ones.
constexpr bool has_opened(TcpState s) {
    return is_synced(s) || s == TcpState::time_wait;
}

using Tick = std::uint32_t;  // wraps after 18 years; compare by difference only
inline constexpr unsigned tick_shift = 27;

constexpr Tick tick_of_ns(std::uint64_t now_ns) {
    return static_cast<Tick>(now_ns >> tick_shift);
}

constexpr std::uint32_t ms_of_ticks(Tick ticks) {
    return static_cast<std::uint32_t>((std::uint64_t{ticks} << tick_shift) / 1'000'000);
}

// Rounded up: a timeout may last longer than configured, never shorter.
constexpr Tick ticks_of_seconds(std::uint32_t seconds) {
    return static_cast<Tick>(((std::uint64_t{seconds} * 1'000'000'000U) >> tick_shift) + 1);
}

// How long each state may idle.
struct Timeouts {
    std::array<Tick, tcp_state_count> ticks{
        /* none         */ 0,
        /* syn_sent     */ ticks_of_seconds(30),    // a retransmitted SYN starts it again
        /* syn_received */ ticks_of_seconds(60),    // the SYN-ACK retries of a Linux server
        /* established  */ ticks_of_seconds(7440),  // RFC 5382 REQ-5: two hours and four minutes
        /* fin_client   */ ticks_of_seconds(240),   // RFC 5382 REQ-5: transitory, four minutes
        /* fin_server   */ ticks_of_seconds(240),
        /* time_wait    */ ticks_of_seconds(60),  // what the hosts themselves keep
        /* closed       */ ticks_of_seconds(10),  // lets segments in flight pass
        /* dead         */ ticks_of_seconds(60),
        /* elsewhere    */ ticks_of_seconds(2 * 7440),  // outlives its flow's probes
    };
    constexpr Tick of(TcpState s) const { return ticks[static_cast<std::size_t>(s)]; }
    constexpr void set(TcpState s, Tick t) { ticks[static_cast<std::size_t>(s)] = t; }
};

}  // namespace warren::flow
