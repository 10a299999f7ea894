// SPDX-License-Identifier: BSD-3-Clause
#include "flow/sequence.h"

#include <gtest/gtest.h>

#include <vector>

namespace warren::flow {
namespace {

using net::tcp_flag::ack;
using net::tcp_flag::fin;
using net::tcp_flag::rst;
using net::tcp_flag::syn;

constexpr std::uint32_t client_isn = 0xfffffff0;  // wraps soon
constexpr std::uint32_t delta = 5000;
constexpr std::uint32_t client_isn_shifted = client_isn + delta;
constexpr std::uint32_t server_isn = 0x7ffffffe;

void pass(Flow& f, Side from, const Segment& s) {
    track(f, from, s);
    f.state =
        sees_both_sides(f.method) ? step(f.state, from, s.flags) : step_one_way(f.state, s.flags);
}

Flow after_syn(Method method = Method::fnat) {
    Flow f;
    f.method = method;
    f.seq_delta = delta;
    f.state = TcpState::syn_sent;
    track(f, Side::client, {client_isn_shifted, 0, 1, syn});
    f.syn_sent_us = 123456;
    return f;
}

Flow after_handshake() {
    Flow f = after_syn();
    pass(f, Side::server, {server_isn, client_isn_shifted + 1, 1, syn | ack});
    pass(f, Side::client, {client_isn_shifted + 1, server_isn + 1, 0, ack});
    return f;
}

std::vector<Reset> list(const Resets& r) {
    return {r.begin(), r.end()};
}

TEST(Track, FollowsBothDirectionsThroughTheWrap) {
    Flow f = after_handshake();
    EXPECT_EQ(f.next_to_server, client_isn_shifted + 1);
    EXPECT_EQ(f.next_to_client, server_isn + 1);
    pass(f, Side::client, {client_isn_shifted + 1, server_isn + 1, 100, ack});
    pass(f, Side::server, {server_isn + 1, client_isn_shifted + 101, 1000, ack});
    EXPECT_EQ(f.next_to_server, client_isn_shifted + 101);
    EXPECT_EQ(f.ack_from_server, client_isn_shifted + 101);
    EXPECT_EQ(f.next_to_client, server_isn + 1001);
    EXPECT_EQ(f.ack_from_client, server_isn + 1);
    pass(f, Side::client, {client_isn_shifted + 101, server_isn + 1001, 0, ack});
    EXPECT_EQ(f.ack_from_client, server_isn + 1001);
}

TEST(Track, RetransmissionsAndLateSegmentsMoveNothingBack) {
    Flow f = after_handshake();
    pass(f, Side::server,
         {server_isn + 501, client_isn_shifted + 1, 500, ack});  // a hole before it
    pass(f, Side::server, {server_isn + 1, client_isn_shifted + 1, 500, ack});
    EXPECT_EQ(f.next_to_client, server_isn + 1001);
    pass(f, Side::client, {client_isn_shifted + 1, server_isn + 1001, 0, ack});
    pass(f, Side::client, {client_isn_shifted + 1, server_isn + 501, 0, ack});
    EXPECT_EQ(f.ack_from_client, server_isn + 1001);
}

TEST(Track, TheSynsTimeSurvivesUntilTheSynAck) {
    Flow f = after_syn();
    track(f, Side::client, {client_isn_shifted, 0, 1, syn});       // again
    track(f, Side::server, {77, client_isn_shifted - 9, 0, ack});  // an old connection's
    track(f, Side::server, {0, client_isn_shifted + 1, 0, rst | ack});
    EXPECT_EQ(f.syn_sent_us, 123456U);
}

TEST(ResetsFor, ClientInSynSentIsToldByAck) {  // RFC 9293 3.10.7.3
    EXPECT_EQ(list(resets_for(after_syn(), Side::client)),
              (std::vector<Reset>{{0, client_isn + 1, true}}));
    EXPECT_EQ(list(resets_for(after_syn(), Side::server)),
              (std::vector<Reset>{{client_isn_shifted + 1, 0, false}}));
}

TEST(ResetsFor, OneEachWhenNothingIsInFlight) {
    EXPECT_EQ(list(resets_for(after_handshake(), Side::client)),
              (std::vector<Reset>{{server_isn + 1, client_isn + 1, true}}));
    EXPECT_EQ(list(resets_for(after_handshake(), Side::server)),
              (std::vector<Reset>{{client_isn_shifted + 1, server_isn + 1, true}}));
}

TEST(ResetsFor, HalfWayThroughTheHandshakeTheClientMayBeInEitherState) {
    Flow f = after_syn();
    pass(f, Side::server, {server_isn, client_isn_shifted + 1, 1, syn | ack});
    EXPECT_EQ(list(resets_for(f, Side::client)),
              (std::vector<Reset>{{server_isn + 1, client_isn + 1, true}}));
}

TEST(ResetsFor, BothCandidatesWhileDataIsInFlight) {
    Flow f = after_handshake();
    pass(f, Side::server, {server_isn + 1, client_isn_shifted + 1, 1000, ack});
    pass(f, Side::client, {client_isn_shifted + 1, server_isn + 1, 10, ack});
    EXPECT_EQ(list(resets_for(f, Side::client)),
              (std::vector<Reset>{{server_isn + 1001, client_isn + 11, true},
                                  {server_isn + 1, client_isn + 11, true}}));
    EXPECT_EQ(list(resets_for(f, Side::server)),
              (std::vector<Reset>{{client_isn_shifted + 11, server_isn + 1001, true},
                                  {client_isn_shifted + 1, server_isn + 1001, true}}));
}

TEST(ResetsFor, DirectReturnKnowsTheClientsAckOnly) {
    for (const Method m : {Method::dr, Method::tun}) {
        Flow f = after_syn(m);
        pass(f, Side::client, {client_isn_shifted + 1, server_isn + 1, 0, ack});
        EXPECT_EQ(f.state, TcpState::established);
        pass(f, Side::client, {client_isn_shifted + 1, server_isn + 301, 40, ack});
        EXPECT_EQ(list(resets_for(f, Side::client)),
                  (std::vector<Reset>{{server_isn + 301, client_isn + 41, true}}));
        EXPECT_EQ(list(resets_for(f, Side::server)),
                  (std::vector<Reset>{{client_isn_shifted + 41, 0, false}}));
    }
}

// The receiver's own RCV.NXT is always among the candidates unless segments are lost on both sides
// of us at once; then its challenge ACK names it (RFC 5961 3.2) and the stub answers that.
TEST(AnswerAsStub, TakesTheNumberFromTheAckThreeTimesPerSide) {
    Flow f = after_handshake();
    f.state = TcpState::dead;
    for (int i = 0; i < stub_answers_max; ++i)
        EXPECT_EQ(answer_as_stub(f, Side::client, {5, 999, 3, ack}), (Reset{999, 0, false}));
    EXPECT_EQ(answer_as_stub(f, Side::client, {5, 999, 3, ack}), std::nullopt);
    EXPECT_EQ(answer_as_stub(f, Side::server, {5, 111, 0, ack}), (Reset{111, 0, false}));
}

TEST(AnswerAsStub, SegmentsWithoutAckAreAnsweredByAckAndResetsNever) {
    Flow f;
    EXPECT_EQ(answer_as_stub(f, Side::client, {5, 0, 3, 0}), (Reset{0, 8, true}));
    EXPECT_EQ(answer_as_stub(f, Side::client, {5, 9, 0, rst | ack}), std::nullopt);
    EXPECT_EQ(f.resets_to_client, 1);
}

TEST(ResetIsExact, JudgesAsTheReceiverWill) {  // RFC 5961 3.2
    Flow f = after_handshake();
    pass(f, Side::server, {server_isn + 1, client_isn_shifted + 1, 1000, ack});
    EXPECT_TRUE(reset_is_exact(f, Side::server, {server_isn + 1001, 0, 0, rst}));
    EXPECT_TRUE(reset_is_exact(f, Side::server, {server_isn + 1, 0, 0, rst}));
    EXPECT_FALSE(reset_is_exact(f, Side::server, {server_isn + 500, 0, 0, rst}));
    EXPECT_TRUE(reset_is_exact(f, Side::client, {client_isn_shifted + 1, 0, 0, rst}));
    EXPECT_FALSE(reset_is_exact(f, Side::client, {client_isn_shifted + 2, 0, 0, rst}));
}

TEST(ResetIsExact, ARefusalIsJudgedByItsAck) {
    const Flow f = after_syn();
    EXPECT_TRUE(reset_is_exact(f, Side::server, {0, client_isn_shifted + 1, 0, rst | ack}));
    EXPECT_FALSE(reset_is_exact(f, Side::server, {0, client_isn_shifted, 0, rst | ack}));
    EXPECT_FALSE(reset_is_exact(f, Side::server, {0, 0, 0, rst}));
}

}  // namespace
}  // namespace warren::flow
