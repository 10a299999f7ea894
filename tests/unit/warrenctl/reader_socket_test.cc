// SPDX-License-Identifier: BSD-3-Clause
// What readers without telemetry ask instead: paths of lib/http's site.
#include "asking/reader_socket.h"

#include <gtest/gtest.h>

namespace warren::ctl {
namespace {

TEST(ReaderSocket, AViewIsAPath) {
    EXPECT_EQ(reader_path("status", ""), "/api/1/status");
    EXPECT_EQ(reader_path("servers_short", ""), "/api/1/servers");
    EXPECT_EQ(reader_path("events", ""), "/api/1/events");
    EXPECT_EQ(reader_path("events", "17"), "/api/1/events?since=17");
    EXPECT_EQ(reader_path("ended", "@1795910400000"), "/api/1/ended") << "of a time: all";
}

TEST(ReaderSocket, FlowsAreAskedForInAQuery) {
    EXPECT_EQ(reader_path("flows", ""), "/api/1/flows");
    EXPECT_EQ(reader_path("flows", "1:64 client 10.0.0.9 idle 5000"),
              "/api/1/flows?from=1:64&client=10.0.0.9&idle=5000");
    EXPECT_EQ(reader_path("flows", "server [2001:db8::1]:5672"),
              "/api/1/flows?server=[2001:db8::1]:5672");
}

TEST(ReaderSocket, OrdersAndTheConfigurationAreNotThere) {
    for (const char* other : {"order", "reload", "handover", "reset_flows", "config", "why"})
        EXPECT_EQ(reader_path(other, ""), "") << other;
}

}  // namespace
}  // namespace warren::ctl
