// SPDX-License-Identifier: BSD-3-Clause
#include "rabbitmq/connection_closer.h"

#include <gtest/gtest.h>

namespace warren::rabbitmq {
namespace {

const ClosableConnections two{
    .address = "192.0.2.11", .port = 5672, .peers = {"192.0.2.100", "192.0.2.101"}, .most = 2};

std::string connection(const std::string& from, int connected_at, double rate,
                       const std::string& to = "192.0.2.11:5672") {
    return R"({"name":")" + from + " -> " + to + R"(","connected_at":)" +
           std::to_string(connected_at) + R"(,"recv_oct_details":{"rate":)" + std::to_string(rate) +
           "}}";
}

std::string list(const std::vector<std::string>& connections) {
    std::string items;
    for (const std::string& one : connections)
        items += (items.empty() ? "" : ",") + one;
    return R"({"page_count":1,"items":[)" + items + "]}";
}

// The names that are closed, as the paths have them.
std::vector<std::string> closed_of(ConnectionCloser& closer, unsigned status = 204) {
    std::vector<std::string> paths;
    while (!closer.is_over() && paths.size() < 100) {
        EXPECT_EQ(closer.method(), "DELETE");
        paths.push_back(closer.path());
        closer.take(status, "");
    }
    return paths;
}

TEST(ConnectionCloser, AsksForTheNodesConnectionsTheOldestFirst) {
    const ConnectionCloser closer(two);
    EXPECT_EQ(closer.method(), "GET");
    EXPECT_FALSE(closer.is_over());
    EXPECT_EQ(closer.path(),
              "/api/connections?page=1&page_size=500&sort=connected_at&use_regex=false"
              "&name=%20-%3E%20192.0.2.11%3A5672"
              "&columns=name,state,connected_at,recv_oct_details.rate,send_oct_details.rate");
}

TEST(ConnectionCloser, TheIdleGoFirstAndAmongThemTheOldest) {
    ConnectionCloser closer(two);
    closer.take(200,
                list({connection("192.0.2.100:1", 10, 5000), connection("192.0.2.100:2", 30, 8),
                      connection("192.0.2.101:3", 20, 0), connection("192.0.2.100:4", 40, 0)}));
    EXPECT_EQ(
        closed_of(closer),
        (std::vector<std::string>{"/api/connections/192.0.2.101%3A3%20-%3E%20192.0.2.11%3A5672",
                                  "/api/connections/192.0.2.100%3A2%20-%3E%20192.0.2.11%3A5672"}));
    EXPECT_EQ(closer.closed(), 2U);
    EXPECT_EQ(closer.problem(), "");
}

TEST(ConnectionCloser, WhoComesByAnotherWayStays) {
    ConnectionCloser closer(two);
    closer.take(200, list({connection("192.0.2.10:1", 1, 0), connection("10.0.0.1:2", 2, 0),
                           connection("192.0.2.100:3", 3, 0, "192.0.2.11:5671"),
                           connection("192.0.2.100:4", 4, 0)}));
    EXPECT_EQ(closed_of(closer).size(), 1U);
}

TEST(ConnectionCloser, WhoIsLeavingIsNotAskedAgain) {
    ConnectionCloser closer(two);
    closer.take(200,
                R"({"items":[{"name":"192.0.2.100:1 -> 192.0.2.11:5672","state":"closing"}]})");
    EXPECT_TRUE(closer.is_over());
    EXPECT_EQ(closer.problem(), "");
}

TEST(ConnectionCloser, ANodeThatHasAnotherAddressIsNamed) {
    ConnectionCloser closer(two);
    closer.take(200, list({}));
    EXPECT_TRUE(closer.is_over());
    EXPECT_EQ(closer.problem(), "none of the node's connections comes from our local addresses");
}

TEST(ConnectionCloser, Ipv6IsInBrackets) {
    ConnectionCloser closer(
        {.address = "2001:db8::11", .port = 5672, .peers = {"2001:db8::1"}, .most = 9});
    EXPECT_NE(closer.path().find("%5B2001%3Adb8%3A%3A11%5D%3A5672"), std::string::npos);
    closer.take(200, list({connection("[2001:db8::1]:1", 1, 0, "[2001:db8::11]:5672")}));
    EXPECT_EQ(closed_of(closer).size(), 1U);
}

TEST(ConnectionCloser, OneThatIsGoneIsNoTrouble) {
    ConnectionCloser closer(two);
    closer.take(200, list({connection("192.0.2.100:1", 1, 0)}));
    EXPECT_EQ(closed_of(closer, 404).size(), 1U);
    EXPECT_EQ(closer.closed(), 0U);
    EXPECT_EQ(closer.problem(), "");
}

TEST(ConnectionCloser, WhoMayNotIsToldWhy) {
    ConnectionCloser closer(two);
    closer.take(200, list({connection("192.0.2.100:1", 1, 0), connection("192.0.2.100:2", 1, 0)}));
    EXPECT_EQ(closed_of(closer, 401).size(), 1U) << "the next would be refused as well";
    EXPECT_NE(closer.problem().find("administrator"), std::string::npos);
}

TEST(ConnectionCloser, ForeignAnswersAreProblems) {
    for (const char* body : {"", "{", "[]", "{}", R"({"items":3})", "5"}) {
        ConnectionCloser closer(two);
        closer.take(200, body);
        EXPECT_TRUE(closer.is_over()) << body;
        EXPECT_NE(closer.problem(), "") << body;
    }
    ConnectionCloser strange(two);
    strange.take(200, R"({"items":[1,null,[],{},{"name":7},{"name":"x","connected_at":"y"}]})");
    EXPECT_TRUE(strange.is_over());
    EXPECT_NE(strange.problem(), "");
    ConnectionCloser absent(two);
    absent.take(404, "");
    EXPECT_TRUE(absent.is_over());
    EXPECT_NE(absent.problem(), "");
}

}  // namespace
}  // namespace warren::rabbitmq
