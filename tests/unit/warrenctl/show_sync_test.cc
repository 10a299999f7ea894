// SPDX-License-Identifier: BSD-3-Clause
#include "show/show_sync.h"

#include <gtest/gtest.h>

#include <sstream>

namespace warren::ctl {
namespace {

std::string sync_text(const char* rows) {
    std::ostringstream out;
    print_sync(out, Json::parse(rows).get<std::vector<Json>>());
    return out.str();
}

TEST(ShowSync, APeerAndItsRouters) {
    EXPECT_EQ(sync_text(R"([
        {"peer": "10.9.0.2", "up": true, "since_ms": 259200000, "rtt_ms": 0.21, "version": 1,
         "lag_ms": 0.8, "unacked": 3, "capacity": 131072},
        {"router": "rabbit", "vrid": 51, "role": "receiving", "in_sync": true, "flows": 10214,
         "peer_flows": 10214, "equal_ms": 400, "bulk_flows": 10214, "bulk_ms": 60.0,
         "preempt_held": false, "config_equal": true}])"),
              "peer 10.9.0.2 up 3d0h, rtt 0.21 ms, v1, lag 0.8 ms, unacked 3, room for 131,072 "
              "flows\n"
              "rabbit (51) receiving, flows 10,214 = 10,214, equal 400 ms ago, last bulk 10,214 in "
              "60 ms, preempt free, config equal\n");
}

TEST(ShowSync, WhatIsWrongStandsOut) {
    EXPECT_EQ(sync_text(R"([
        {"peer": "10.9.0.2", "up": false, "since_ms": 5000},
        {"peer": "10.9.0.3", "up": true, "since_ms": 5000, "rtt_ms": 0.21, "version": 1,
         "lag_ms": 0.8, "unacked": 3, "lost_percent": 12.5, "capacity": 100},
        {"router": "rabbit", "vrid": 51, "role": "receiving", "in_sync": false, "flows": 7,
         "peer_flows": 9, "equal_ms": null, "bulk_flows": 0, "bulk_ms": 0.0, "preempt_held": true,
         "config_equal": false}])"),
              "peer 10.9.0.2 DOWN 5s\n"
              "peer 10.9.0.3 up 5s, rtt 0.21 ms, v1, lag 0.8 ms, unacked 3, LOST 12.5 %, room for "
              "100 flows\n"
              "rabbit (51) receiving, flows 7 / 9, NOT IN SYNC, never equal, preempt held, config "
              "DIFFERS\n");
}

TEST(ShowSync, APeerThatWasNeverUp) {
    EXPECT_EQ(sync_text(R"([{"peer": "10.9.0.2", "up": false, "since_ms": null}])"),
              "peer 10.9.0.2 DOWN since the start\n");
}

// What it compared last it did as a backup, perhaps hours ago.
TEST(ShowSync, WhoSendsSaysWhatThePeerHasFound) {
    EXPECT_EQ(sync_text(R"([
        {"router": "rabbit", "vrid": 51, "role": "sending", "in_sync": true, "flows": 9,
         "peer_flows": 0, "equal_ms": 78920, "preempt_held": false, "config_equal": true},
        {"router": "v6", "vrid": 52, "role": "sending", "in_sync": false, "flows": 9,
         "peer_flows": 0, "equal_ms": null, "preempt_held": false, "config_equal": true}])"),
              "rabbit (51) sending, flows 9, equal at the peer, preempt free, config equal\n"
              "v6 (52) sending, flows 9, NOT IN SYNC, preempt free, config equal\n");
}

// What it once compared is nobody's state now.
TEST(ShowSync, WithoutAPeerNothingIsEqualOrDifferent) {
    EXPECT_EQ(sync_text(R"([
        {"router": "rabbit", "vrid": 51, "role": "idle", "in_sync": false, "flows": 0,
         "peer_flows": 0, "equal_ms": 4000, "preempt_held": false, "config_equal": true}])"),
              "rabbit (51) idle, flows not known: no peer, preempt free, config equal\n");
}

TEST(ShowSync, WhatIsConfiguredDifferentlyIsNamed) {
    EXPECT_NE(sync_text(R"([{"router": "rabbit", "config_equal": false,
                             "difference": "only here: virtual_ipaddress 10.0.0.1"}])")
                  .find(", config DIFFERS (only here: virtual_ipaddress 10.0.0.1)\n"),
              std::string::npos);
}

TEST(ShowSync, WithoutFlowSync) {
    EXPECT_EQ(sync_text("[]"), "no flow_sync: connections end with this warren\n");
}

TEST(ShowSync, ForProgramsPeersAndRoutersAreApart) {
    const Json all = sync_json({{{"peer", "10.9.0.2"}}, {{"router", "A"}}, {{"router", "B"}}});
    EXPECT_EQ(all["peers"].size(), 1U);
    EXPECT_EQ(all["routers"].size(), 2U);
    EXPECT_EQ(sync_json({})["routers"].size(), 0U);
}

TEST(ShowStatus, AnAlarmHasItsRemedyBelow) {
    std::ostringstream out;
    print_alarms(out, Json::parse(R"([{"name": "key", "text": "somebody speaks with another key",
                                       "remedy": "copy key_file", "since_ms": 130000}])"));
    EXPECT_EQ(out.str(),
              " ! somebody speaks with another key\n"
              "   key for 2m10s: copy key_file\n");
}

}  // namespace
}  // namespace warren::ctl
