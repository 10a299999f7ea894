// SPDX-License-Identifier: BSD-3-Clause
// What `capture` and `trace` ask for, and which command lines they refuse.
#include "orders/capture.h"

#include <gtest/gtest.h>

namespace warren::ctl {
namespace {

using Words = std::vector<std::string>;

TEST(Capture, AsksForWhatIsSaid) {
    EXPECT_EQ(capture_request({"capture"}, {}), "pcapng");
    EXPECT_EQ(capture_request({"capture", "client", "10.0.0.9:5", "port", "eth0"}, {}),
              "pcapng client 10.0.0.9:5 port eth0");
    CaptureOptions options;
    options.packets = 5;
    options.bytes = 6;
    options.seconds = 7;
    options.snap = 80;
    EXPECT_EQ(capture_request({"trace", "drops"}, {.is_json = true}), "trace-json drops any");
    EXPECT_EQ(capture_request({"trace", "server", "10.0.0.1"}, options),
              "trace server 10.0.0.1 packets 5 bytes 6 seconds 7 snap 80");
}

TEST(Capture, AClientAloneCanBeTraced) {
    EXPECT_EQ(capture_request({"trace", "10.0.0.9:5"}, {}), "trace client 10.0.0.9:5");
    EXPECT_EQ(capture_problem({"trace", "10.0.0.9:5"}), "");
}

TEST(Capture, AServiceAloneCanBeCaptured) {
    EXPECT_EQ(capture_request({"capture", "10.0.1.100:5672", "drops"}, {}),
              "pcapng service 10.0.1.100:5672 drops any");
    EXPECT_EQ(capture_request({"trace", "10.0.0.9", "port", "eth0"}, {}),
              "trace client 10.0.0.9 port eth0");
    EXPECT_EQ(capture_problem({"capture", "10.0.1.100:5672", "10.0.0.9"}),
              "unknown word \"10.0.0.9\": one of client, server, service, port, drops");
}

TEST(Capture, DropsNeedNoReason) {
    for (const Words& words : {Words{"capture", "drops"}, Words{"trace", "drops"}})
        EXPECT_EQ(capture_problem(words), "");
    EXPECT_EQ(capture_request({"trace", "drops"}, {}), "trace drops any");
    EXPECT_EQ(capture_request({"capture", "drops", "client", "10.0.0.9"}, {}),
              "pcapng drops any client 10.0.0.9");
    EXPECT_EQ(capture_request({"capture", "drops", "no_flow", "client", "10.0.0.9"}, {}),
              "pcapng drops no_flow client 10.0.0.9");
}

TEST(Capture, RefusesWhatItDoesNotKnow) {
    EXPECT_EQ(capture_problem({"capture", "tcp"}),
              "unknown word \"tcp\": one of client, server, service, port, drops");
    EXPECT_EQ(capture_problem({"capture", "port", "eth0", "client"}),
              "capture client takes a word");
    EXPECT_EQ(capture_problem({"trace"}), "trace needs CLIENT or CLIENT:PORT");
    EXPECT_EQ(capture_problem({"capture"}), "");
}

}  // namespace
}  // namespace warren::ctl
