// SPDX-License-Identifier: BSD-3-Clause
#include "flow/probe.h"

#include <gtest/gtest.h>

#include "flow_samples.h"

namespace warren::flow {
namespace {

TEST(Probe, BothEndsAreAwaitedUntilEachHasSpoken) {
    Flow f = samples::flow(1);
    ASSERT_TRUE(begin_probe(f));
    EXPECT_TRUE(awaits(f, Side::client));
    EXPECT_TRUE(awaits(f, Side::server));
    note_seen(f, Side::server, 100);
    EXPECT_FALSE(awaits(f, Side::server));
    EXPECT_EQ(f.last_seen, 0U) << "the client may be gone";
    note_seen(f, Side::client, 101);
    EXPECT_EQ(f.last_seen, 101U);
}

TEST(Probe, ThreeAreSentAndTheCountBeginsAnewAfterAnAnswer) {
    Flow f = samples::flow(1);
    for (int again = 0; again < 2; ++again) {
        for (unsigned i = 0; i < probes_max; ++i)
            ASSERT_TRUE(begin_probe(f)) << i;
        EXPECT_FALSE(begin_probe(f));
        note_seen(f, Side::client, 1);
        note_seen(f, Side::server, 1);
    }
}

// In DR and TUN the server answers the client directly.
TEST(Probe, OneWayFlowsAwaitTheClientOnly) {
    Flow f = samples::flow(1);
    f.method = Method::dr;
    ASSERT_TRUE(begin_probe(f));
    EXPECT_FALSE(awaits(f, Side::server));
    note_seen(f, Side::client, 5);
    EXPECT_EQ(f.last_seen, 5U);
}

// Below what each end has acknowledged, so that it cannot be taken for data.
TEST(Probe, NumbersAreThoseOfTheEndItGoesTo) {
    Flow f = samples::flow(1);
    f.seq_delta = 1000;
    f.ack_from_client = 500;
    f.next_to_client = 500;
    f.ack_from_server = 2000;
    f.next_to_server = 2000;
    EXPECT_EQ(probe_for(f, Side::client).sequence, 499U);
    EXPECT_EQ(probe_for(f, Side::client).acknowledgement, 1000U);
    EXPECT_EQ(probe_for(f, Side::server).sequence, 1999U);
    EXPECT_EQ(probe_for(f, Side::server).acknowledgement, 500U);
}

}  // namespace
}  // namespace warren::flow
