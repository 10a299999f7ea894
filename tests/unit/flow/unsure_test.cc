// SPDX-License-Identifier: BSD-3-Clause
#include "flow/unsure.h"

#include <gtest/gtest.h>

#include "flow_samples.h"

namespace warren::flow {
namespace {

Flow untouched(Method method = Method::fnat) {
    Flow f = samples::flow(1);
    f.state = TcpState::established;
    f.method = method;
    f.next_to_server = f.ack_from_server = 1'000;
    f.next_to_client = f.ack_from_client = 2'000;
    set_untouched(f);
    return f;
}

TEST(Unsure, TheFirstSegmentSetsItsEndsNumbersEvenFarBehindOrAhead) {
    for (const std::uint32_t far : {5U, 0x7fffffffU, 0x80000000U, 0xfffffff0U}) {
        Flow f = untouched();
        learn(f, Side::client,
              {.sequence = 1'000 + far,
               .acknowledgement = 2'000 + far,
               .length = 10,
               .flags = net::tcp_flag::ack});
        EXPECT_EQ(f.next_to_server, 1'010 + far);
        EXPECT_EQ(f.ack_from_client, 2'000 + far);
        EXPECT_EQ(f.next_to_client, 2'000U) << "the server has said nothing";
        EXPECT_EQ(f.ack_from_server, 1'000U);
        EXPECT_FALSE(is_unsure(f, Side::client));
        EXPECT_TRUE(is_unsure(f, Side::server));
        EXPECT_FALSE(is_untouched(f));
        learn(f, Side::server,
              {.sequence = 2'000 + far,
               .acknowledgement = 1'010 + far,
               .length = 0,
               .flags = net::tcp_flag::ack});
        EXPECT_EQ(f.next_to_client, 2'000 + far);
        EXPECT_EQ(f.ack_from_server, 1'010 + far);
        EXPECT_FALSE(is_unsure(f));
    }
}

TEST(Unsure, TheSecondSegmentOnlyAdvances) {
    Flow f = untouched();
    const Segment s{.sequence = 5'000, .length = 10, .flags = net::tcp_flag::ack};
    learn(f, Side::client, s);
    track(f, Side::client, s);
    const Segment older{.sequence = 4'000, .length = 1, .flags = net::tcp_flag::ack};
    learn(f, Side::client, older);
    track(f, Side::client, older);
    EXPECT_EQ(f.next_to_server, 5'010U);
}

TEST(Unsure, AResetTeachesNothing) {
    Flow f = untouched();
    learn(f, Side::server, {.sequence = 9, .flags = net::tcp_flag::rst});
    EXPECT_TRUE(is_untouched(f));
    EXPECT_EQ(f.next_to_client, 2'000U);
}

TEST(Unsure, OneWayFlowsAreSureAfterTheClientsSegment) {
    Flow f = untouched(Method::tun);
    learn(f, Side::client, {.sequence = 9, .flags = net::tcp_flag::ack});
    EXPECT_FALSE(is_unsure(f));
    EXPECT_EQ(f.next_to_server, 9U);
}

// Anybody can send an ACK; which one answers the server is still known.
TEST(Unsure, BeforeTheClientHasAnsweredNumbersAreKept) {
    Flow f = untouched();
    f.state = TcpState::syn_received;
    learn(f, Side::client, {.sequence = 9, .acknowledgement = 9, .flags = net::tcp_flag::ack});
    EXPECT_EQ(f.next_to_server, 1'000U);
    EXPECT_EQ(f.ack_from_client, 2'000U);
}

}  // namespace
}  // namespace warren::flow
