// SPDX-License-Identifier: BSD-3-Clause
// What may be asked for, and what is refused in words.
#include "capture/request.h"

#include <gtest/gtest.h>

#include "packets/packet_builder.h"
#include "ports.h"

namespace warren::capture {
namespace {

TEST(Request, IsBoundedUnasked) {
    const Request request = read_request("pcapng", ports);
    EXPECT_EQ(request.problem, "");
    EXPECT_FALSE(request.is_trace);
    EXPECT_EQ(request.packets, 10'000U);
    EXPECT_EQ(request.bytes, 64U << 20);
    EXPECT_EQ(request.seconds, 10U);
    EXPECT_EQ(request.snap, 256U);
    EXPECT_FALSE(request.filter.drops_only);
    EXPECT_EQ(request.filter.port, exchange::CaptureFilter::any_port);
}

TEST(Request, TakesAllWords) {
    const Request request = read_request(
        "trace client 192.168.8.50:40000 server fd00::11 service [fd00::100]:5672 port eth1 drops "
        "no_server packets 5 bytes 6000 seconds 7 snap 80",
        ports);
    EXPECT_EQ(request.problem, "");
    EXPECT_TRUE(request.is_trace);
    EXPECT_EQ(request.filter.client.address, packets::address("192.168.8.50"));
    EXPECT_EQ(request.filter.client.port.host(), 40000);
    EXPECT_EQ(request.filter.server.address, packets::address("fd00::11"));
    EXPECT_EQ(request.filter.server.port.host(), 0);
    EXPECT_EQ(request.filter.service.address, packets::address("fd00::100"));
    EXPECT_EQ(request.filter.service.port.host(), 5672);
    EXPECT_EQ(request.filter.port, 1);
    EXPECT_TRUE(request.filter.drops_only);
    EXPECT_EQ(request.filter.reason, exchange::Drop::no_server);
    EXPECT_EQ(request.packets, 5U);
    EXPECT_EQ(request.bytes, 6000U);
    EXPECT_EQ(request.seconds, 7U);
    EXPECT_EQ(request.snap, 80U);
}

TEST(Request, AnyDropIsEach) {
    const Request request = read_request("pcapng drops any", ports);
    EXPECT_TRUE(request.filter.drops_only);
    EXPECT_EQ(request.filter.reason, exchange::Drop::count_);
}

TEST(Request, SaysWhatIsWrong) {
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"", "neither pcapng nor trace"},
        {"tar", "neither pcapng nor trace"},
        {"pcapng client", "client takes a word"},
        {"pcapng client 192.168.8", "client \"192.168.8\" is neither ADDRESS nor ADDRESS:PORT"},
        {"pcapng server 10.0.0.1:0", "server \"10.0.0.1:0\" is neither ADDRESS nor ADDRESS:PORT"},
        {"pcapng server 10.0.0.1:65536",
         "server \"10.0.0.1:65536\" is neither ADDRESS nor ADDRESS:PORT"},
        {"pcapng port eth9", "no interface \"eth9\" is Warren's"},
        {"pcapng drops hunger", "\"hunger\" is no reason to drop: see warrenctl show counters"},
        {"pcapng packets 0", "packets \"0\" is no number from 1 to 100000000"},
        {"pcapng seconds 86401", "seconds \"86401\" is no number from 1 to 86400"},
        {"pcapng snap 63", "snap \"63\" is no number from 64 to 2048"},
        {"pcapng snap -1", "snap \"-1\" is no number from 64 to 2048"},
        {"pcapng colour red", "unknown word \"colour\""}};
    for (const auto& [text, problem] : wrong) {
        EXPECT_EQ(read_request(text, ports).problem, problem) << text;
        EXPECT_EQ(read_request(text, ports).is_nonsense, text != "pcapng port eth9") << text;
    }
}

}  // namespace
}  // namespace warren::capture
