// SPDX-License-Identifier: BSD-3-Clause
#include "flow/syn_offer.h"

#include <gtest/gtest.h>

#include "flow_samples.h"

namespace warren::flow {
namespace {

net::TcpOptions offer_made_again(const net::TcpOptions& offered) {
    Flow f = samples::flow(1);
    remember_syn(f, offered);
    static SynOptions made;  // what is read points into it
    made = syn_options(f);
    EXPECT_EQ(made.size % 4, 0U);
    return net::read_tcp_options(made.all());
}

TEST(SynOffer, WhatLinuxOffersIsOfferedAgain) {
    net::TcpOptions offered;
    offered.mss = 1460;
    offered.window_scale = 7;
    offered.sack_permitted = true;
    const net::TcpOptions again = offer_made_again(offered);
    EXPECT_TRUE(again.well_formed);
    EXPECT_EQ(again.mss, 1460);
    EXPECT_EQ(again.window_scale, 7);
    EXPECT_TRUE(again.sack_permitted);
    EXPECT_FALSE(again.timestamps);
}

// A window scale or SACK that the client never offered must not be agreed on.
TEST(SynOffer, EachOptionIsOfferedOnlyIfTheClientDid) {
    for (unsigned bits = 0; bits < 8; ++bits) {
        net::TcpOptions offered;
        if ((bits & 1) != 0) offered.mss = 536;
        if ((bits & 2) != 0) offered.window_scale = 0;
        offered.sack_permitted = (bits & 4) != 0;
        const net::TcpOptions again = offer_made_again(offered);
        EXPECT_EQ(again.mss, offered.mss) << bits;
        EXPECT_EQ(again.window_scale, offered.window_scale) << bits;
        EXPECT_EQ(again.sack_permitted, offered.sack_permitted) << bits;
    }
}

// RFC 7323 2.3: a value above 14 is used as 14.
TEST(SynOffer, TooHighAScaleIsFourteen) {
    net::TcpOptions offered;
    offered.window_scale = 200;
    EXPECT_EQ(offer_made_again(offered).window_scale, 14);
}

TEST(SynOffer, CountsAttemptsAndClears) {
    Flow f = samples::flow(0);
    f.server_id = 7;
    remember_syn(f, {});
    EXPECT_EQ(syn_attempts(f), 1U);
    for (unsigned i = 0; i < syn_clears_max; ++i)
        EXPECT_TRUE(may_clear_for_syn(f));
    EXPECT_FALSE(may_clear_for_syn(f)) << "a server that goes on is not answered for ever";
    f.server_id = 8;
    count_syn_attempt(f);
    EXPECT_EQ(syn_attempts(f), 2U);
    EXPECT_EQ(syn_servers(f), (std::array<std::uint16_t, 2>{7, 8}));
    EXPECT_TRUE(may_clear_for_syn(f)) << "a new attempt has its own";
}

}  // namespace
}  // namespace warren::flow
