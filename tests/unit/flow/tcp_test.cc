// SPDX-License-Identifier: BSD-3-Clause
#include "flow/tcp.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::flow {
namespace {

using enum TcpState;
using net::tcp_flag::ack;
using net::tcp_flag::fin;
using net::tcp_flag::psh;
using net::tcp_flag::rst;
using net::tcp_flag::syn;

struct Sent {
    Side from;
    std::uint8_t flags;
    TcpState then;
};
Sent client(int flags, TcpState then) {
    return {Side::client, static_cast<std::uint8_t>(flags), then};
}
Sent server(int flags, TcpState then) {
    return {Side::server, static_cast<std::uint8_t>(flags), then};
}

struct Story {
    const char* name;
    std::vector<Sent> segments;
};

const std::vector<Story> stories{
    {"handshake, data, the client closes first (RFC 9293 figures 6 and 12)",
     {client(syn, syn_sent), server(syn | ack, syn_received), client(ack, established),
      client(ack | psh, established), server(ack, established), client(fin | ack, fin_client),
      server(ack, fin_client), server(ack | psh, fin_client), server(fin | ack, time_wait),
      client(ack, time_wait)}},
    {"the server closes first",
     {client(syn, syn_sent), server(syn | ack, syn_received), client(ack, established),
      server(fin | ack, fin_server), client(ack | psh, fin_server), client(fin | ack, time_wait)}},
    {"both close at once (figure 13)",
     {client(syn, syn_sent), server(syn | ack, syn_received), client(ack, established),
      client(fin | ack, fin_client), server(fin | ack, time_wait)}},
    {"lost SYN, lost SYN-ACK",
     {client(syn, syn_sent), client(syn, syn_sent), server(syn | ack, syn_received),
      client(syn, syn_received), server(syn | ack, syn_received), client(ack, established)}},
    {"refused", {client(syn, syn_sent), server(rst | ack, closed)}},
    {"an old connection's ACK answers our SYN (RFC 9293 3.5.2)",
     {client(syn, syn_sent), server(ack, syn_sent), client(rst, closed)}},
    {"a SYN in an established connection changes nothing (RFC 5961 4.2)",
     {client(syn, syn_sent), server(syn | ack, syn_received), client(ack, established),
      client(syn, established), server(ack, established)}},
    {"reset from either side",
     {client(syn, syn_sent), server(syn | ack, syn_received), client(ack, established),
      server(rst, closed), client(ack, closed)}},
    {"FIN at once after the handshake",
     {client(syn, syn_sent), server(syn | ack, syn_received), client(fin | ack, fin_client)}},
    {"server speaks before our view of the client's ACK",
     {client(syn, syn_sent), server(syn | ack, syn_received), server(ack | psh, syn_received),
      client(ack, established)}},
    {"nothing but a SYN starts a flow", {client(ack, none), server(syn, none), client(fin, none)}},
    {"nonsense flags: RST counts most, then SYN",
     {client(syn | fin, syn_sent), server(syn | ack | fin, syn_received),
      client(rst | syn | fin, closed)}},
};

TEST(TcpState, Stories) {
    for (const Story& story : stories) {
        TcpState state = none;
        for (std::size_t i = 0; i < story.segments.size(); ++i) {
            const Sent& s = story.segments[i];
            state = step(state, s.from, s.flags);
            EXPECT_EQ(static_cast<int>(state), static_cast<int>(s.then))
                << story.name << ", segment " << i;
        }
    }
}

TEST(TcpState, ADeadFlowStaysDeadWhateverComes) {
    for (int flags = 0; flags < 256; ++flags)
        for (const Side side : {Side::client, Side::server})
            EXPECT_EQ(step(dead, side, static_cast<std::uint8_t>(flags)), dead);
}

TEST(TcpState, NoSegmentLeadsBackToAnEarlierState) {
    for (std::size_t s = 1; s < tcp_state_count; ++s)
        for (int flags = 0; flags < 256; ++flags)
            for (const Side side : {Side::client, Side::server})
                EXPECT_GE(static_cast<std::size_t>(step(static_cast<TcpState>(s), side,
                                                        static_cast<std::uint8_t>(flags))),
                          s);
}

TEST(TcpState, PastItsOpeningABareAckChangesNothing) {
    for (std::size_t i = 0; i < tcp_state_count; ++i) {
        const auto state = static_cast<TcpState>(i);
        if (!is_past_opening(state)) continue;
        EXPECT_EQ(step(state, Side::client, net::tcp_flag::ack), state);
        EXPECT_EQ(step(state, Side::server, net::tcp_flag::ack), state);
        EXPECT_EQ(step_one_way(state, net::tcp_flag::ack), state);
    }
}

TEST(TcpState, OneWaySeesTheClientOnly) {
    TcpState state = step_one_way(none, syn);
    EXPECT_EQ(state, syn_sent);
    EXPECT_EQ(step_one_way(state, syn), syn_sent);
    state = step_one_way(state, ack);
    EXPECT_EQ(state, established);
    EXPECT_EQ(step_one_way(state, fin | ack), fin_client);
    EXPECT_EQ(step_one_way(state, rst), closed);
}

TEST(Timeouts, AreNeverShorterThanConfigured) {
    const Timeouts t;
    const double second = 1e9 / (1U << tick_shift);
    EXPECT_GE(t.of(established), 7440 * second);  // RFC 5382 REQ-5
    EXPECT_LE(t.of(established), 7441 * second);
    EXPECT_GE(t.of(fin_client), 240 * second);
    EXPECT_GT(ticks_of_seconds(1), 7U);
    EXPECT_EQ(tick_of_ns(std::uint64_t{5} << tick_shift), 5U);
}

TEST(TcpState, RecyclableAndLivePartTheStates) {
    for (std::size_t s = 1; s < static_cast<std::size_t>(TcpState::elsewhere); ++s)
        EXPECT_NE(is_live(static_cast<TcpState>(s)), is_recyclable(static_cast<TcpState>(s)));
    for (const TcpState s : {none, TcpState::elsewhere}) {
        EXPECT_FALSE(is_live(s));
        EXPECT_FALSE(is_recyclable(s));
        EXPECT_FALSE(is_synced(s));
    }
}

}  // namespace
}  // namespace warren::flow
