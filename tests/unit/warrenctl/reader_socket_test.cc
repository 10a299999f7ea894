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

TEST(ReaderSocket, AQuestionIsEncoded) {
    EXPECT_EQ(reader_path("history", ""), "/api/1/history");
    EXPECT_EQ(reader_path("why", "[2001:db8::1]:9,100,200,3"),
              "/api/1/why?ask=[2001:db8::1]:9,100,200,3");
    EXPECT_EQ(reader_path("flow_count", "client 10.0.0.9"),
              "/api/1/flow_count?ask=client%2010.0.0.9");
    EXPECT_EQ(reader_path("explain", "a&b=%"), "/api/1/explain?ask=a%26b%3D%25");
}

TEST(ReaderSocket, OrdersAndTheConfigurationAreNotThere) {
    for (const char* other : {"order", "reload", "handover", "reset_flows", "config"})
        EXPECT_EQ(reader_path(other, ""), "") << other;
}

}  // namespace
}  // namespace warren::ctl
