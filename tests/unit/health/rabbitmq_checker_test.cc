// SPDX-License-Identifier: BSD-3-Clause
// RABBITMQ_CHECK against a management API of this process: answers in the order of the questions
// (overview, ready-to-serve-clients, is-in-service, alarms, node-is-quorum-critical, node, queues).
#include "health/rabbitmq_checker.h"

#include <gtest/gtest.h>

#include <chrono>

#include "layer5_servers.h"

namespace warren::health {
namespace {

using namespace testing_support;

std::string reply(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

const std::string overview =
    reply("200 OK", R"({"cluster_name":"c","node":"rabbit@r1","rabbitmq_version":"3.10.8"})");
const std::string ok = reply("200 OK", R"({"status":"ok"})");
const std::string not_there = reply("404 Not Found", "{}");
const std::string node = reply("200 OK", R"([{"name":"rabbit@r1","running":true,"type":"ram",
    "run_queue":3,"being_drained":false}])");
const std::string queues = reply("200 OK", R"({"page_count":1,"items":[]})");

class RabbitmqCheckerTest : public testing::Test {
  protected:
    CheckResult result_of(const std::vector<std::string>& answers) {
        TextServer server(io, answers);
        options.target = server.target();
        const CheckResult result = run();
        heard = server.heard;
        return result;
    }
    CheckResult run() {
        options.username = "warren";
        options.password = "secret";
        options.connect_timeout_ns = 200'000'000;
        CheckResult first;
        const auto checker = make_checker(io, options, [&](const CheckResult& result) {
            first = result;
            io.stop();
            return Pace::steady;
        });
        io.restart();
        io.run_for(std::chrono::seconds(5));
        return first;
    }

    asio::io_context io;
    RabbitmqOptions options;
    std::vector<std::string> heard;
};

TEST_F(RabbitmqCheckerTest, AsksOneQuestionAfterTheOther) {
    const CheckResult result = result_of({overview, not_there, not_there, ok, ok, node, queues});
    EXPECT_TRUE(result.ok()) << result.text;
    EXPECT_EQ(result.availability, Availability::serving);
    ASSERT_TRUE(result.node);
    EXPECT_EQ(result.node->name, "rabbit@r1");
    EXPECT_EQ(result.node->type, rabbitmq::NodeType::ram);
    EXPECT_EQ(result.node->run_queue, 3U);
    EXPECT_EQ(result.node->mirrors_in_sync, true);
    ASSERT_EQ(heard.size(), 7U);
    EXPECT_NE(heard[0].find("Basic d2FycmVuOnNlY3JldA=="), std::string::npos);
    EXPECT_EQ(heard[5].find("GET /api/nodes?"), 0U);
}

TEST_F(RabbitmqCheckerTest, NotInServiceDrains) {
    const CheckResult result =
        result_of({overview, reply("503 Service Unavailable", R"({"reason":"maintenance"})"), ok,
                   ok, node, queues});
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.availability, Availability::draining);
    EXPECT_EQ(result.text, "maintenance");
}

TEST_F(RabbitmqCheckerTest, AnAlarmBlocks) {
    const CheckResult result =
        result_of({overview, ok, reply("503 Service Unavailable", R"({"reason":"alarm"})"), ok,
                   node, queues});
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.availability, Availability::blocked);
}

TEST_F(RabbitmqCheckerTest, ANodeThatHearsLessThanHalfIsAMinority) {
    const std::string alone = reply("200 OK", R"([{"name":"rabbit@r1","running":true},
        {"name":"rabbit@r2","running":false},{"name":"rabbit@r3","running":false}])");
    const CheckResult result = result_of({overview, not_there, not_there, ok, ok, alone, queues});
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.availability, Availability::minority);
    EXPECT_EQ(result.text, "hears 1 of 3 nodes, itself among them");
}

TEST_F(RabbitmqCheckerTest, AnApiThatCannotBeAskedSaysNothing) {
    options.target = closed_target(io);
    EXPECT_EQ(run().reason, Reason::unknown);
    EXPECT_EQ(result_of({reply("401 Unauthorized", "{}")}).reason, Reason::unknown);
    EXPECT_EQ(result_of({""}).reason, Reason::unknown);
}

TEST_F(RabbitmqCheckerTest, StrictIsAFailure) {
    options.strict = true;
    options.target = closed_target(io);
    EXPECT_EQ(run().reason, Reason::refused);
    EXPECT_EQ(result_of({reply("401 Unauthorized", "{}")}).reason, Reason::other);
}

TEST_F(RabbitmqCheckerTest, ClosesWhoIsToGoAndSaysWhy) {
    TextServer server(io,
                      {reply("200 OK", R"({"items":[{"name":"192.0.2.1:9 -> 192.0.2.11:5672"}]})"),
                       "HTTP/1.1 204 No Content\r\n\r\n"});
    options.target = server.target();
    options.path_prefix = "/rabbit";
    options.username = "warren";
    options.password = "secret";
    const rabbitmq::ClosableConnections closable{"192.0.2.11", 5672, {"192.0.2.1"}, 2};
    CheckResult result;
    const auto closer = close_connections(io, options, closable, [&](const CheckResult& end) {
        result = end;
        io.stop();
        return Pace::steady;
    });
    io.run_for(std::chrono::seconds(5));
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.text, "1 connections are closed");
    ASSERT_EQ(server.heard.size(), 2U);
    EXPECT_EQ(server.heard[0].find("GET /rabbit/api/connections?"), 0U);
    EXPECT_EQ(server.heard[1].find(
                  "DELETE /rabbit/api/connections/192.0.2.1%3A9%20-%3E%20192.0.2.11%3A5672 "),
              0U);
    EXPECT_NE(server.heard[1].find("X-Reason: rebalancing"), std::string::npos);
    EXPECT_NE(server.heard[1].find("Basic d2FycmVuOnNlY3JldA=="), std::string::npos);
}

TEST_F(RabbitmqCheckerTest, ACloserThatCannotSaysWhy) {
    TextServer server(io, {reply("401 Unauthorized", "{}")});
    options.target = server.target();
    CheckResult result;
    const auto closer = close_connections(io, options, {}, [&](const CheckResult& end) {
        result = end;
        io.stop();
        return Pace::steady;
    });
    io.run_for(std::chrono::seconds(5));
    EXPECT_EQ(result.reason, Reason::other);
    EXPECT_NE(result.text.find("401"), std::string::npos);
}

}  // namespace
}  // namespace warren::health
