// SPDX-License-Identifier: BSD-3-Clause
// AMQP_CHECK against a broker of this process.
#include "health/amqp_checker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <fstream>

#include "broker.h"
#include "own_namespace.h"
#include "schedules.h"

namespace warren::health {
namespace {

using namespace std::chrono_literals;
namespace wire = amqp::wire;

class AmqpCheckerTest : public testing::Test {
  protected:
    AmqpCheckerTest() {
        options.target.address = net::IpAddress::v4(127, 0, 0, 1);
        options.target.port = broker.port();
        options.username = "warren";
        options.password = "secret";
        options.connect_timeout_ns = 200 * ms;
        options.schedule = {.delay_loop_ns = 50 * ms, .delay_before_retry_ns = 20 * ms};
    }
    void start() {
        checker = make_checker(io, options, [this](const CheckResult& result) {
            results.push_back(result);
            if (on_result) on_result(result);
            return result.ok() ? Pace::steady : Pace::change_pending;
        });
    }
    // Five seconds are for broken code only.
    template <typename Condition>
    bool until(Condition condition) {
        io.restart();
        const auto end = std::chrono::steady_clock::now() + 5s;
        while (!condition() && std::chrono::steady_clock::now() < end)
            io.run_one_for(5ms);
        return condition();
    }
    bool until_results(std::size_t count) {
        return until([&] { return results.size() >= count; });
    }
    void for_a_while(std::chrono::milliseconds time) {
        io.restart();
        io.run_for(time);
    }
    long heard(const char* what) const {
        return std::count(broker.heard.begin(), broker.heard.end(), what);
    }
    void open_session() {
        start();
        ASSERT_TRUE(until_results(1));
        ASSERT_TRUE(results[0].ok()) << results[0].text;
    }
    // So that the end of the session is news.
    void let_it_settle() { for_a_while(1'050ms); }

    boost::asio::io_context io;
    Broker broker{io};
    AmqpOptions options;
    std::vector<CheckResult> results;
    std::function<void(const CheckResult&)> on_result;
    std::unique_ptr<Checker> checker;
};

TEST_F(AmqpCheckerTest, OneConnectionStays) {
    open_session();
    EXPECT_GT(results[0].latency_ns, 0);
    ASSERT_TRUE(results[0].node);
    EXPECT_EQ(results[0].node->version, "3.10.8");
    EXPECT_EQ(results[0].node->cluster_name, "rabbit@prod");
    for_a_while(300ms);
    broker.say(wire::heartbeat_frame);
    ASSERT_TRUE(until_results(2));
    EXPECT_TRUE(results[1].ok());
    EXPECT_EQ(results[1].latency_ns, 0) << "not measured again";
    EXPECT_EQ(broker.connections, 1);
}

TEST_F(AmqpCheckerTest, DoubtIsNothingToABrokerThatAcknowledges) {
    open_session();
    const std::size_t before = results.size();
    checker->recheck();
    ASSERT_TRUE(until([&] { return heard("heartbeat") >= 1; }));
    for_a_while(200ms);
    EXPECT_TRUE(std::all_of(results.begin() + std::ptrdiff_t(before), results.end(),
                            [](const CheckResult& result) { return result.ok(); }));
    EXPECT_EQ(broker.connections, 1);
}

class DeafBroker : public AmqpCheckerTest {
  protected:
    static void SetUpTestSuite() {
        ready = testing_support::enter_own_namespace() &&
                testing_support::run(
                    "nft 'add table ip deaf; add chain ip deaf input { type filter "
                    "hook input priority 0; }'");
    }
    static inline bool ready = false;
};

// No heartbeat is missed yet, but its kernel is silent too.
TEST_F(DeafBroker, IsSilentAsSoonAsItIsDoubted) {
    if (!ready) GTEST_SKIP() << "no network namespaces or no nft here";
    open_session();
    ASSERT_TRUE(testing_support::run("nft add rule ip deaf input drop"));
    results.clear();
    const auto begun = std::chrono::steady_clock::now();
    checker->recheck();
    ASSERT_TRUE(until_results(1));
    EXPECT_EQ(results[0].reason, Reason::timeout) << results[0].text;
    EXPECT_EQ(results[0].text, "nothing is acknowledged");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 500ms);
}

TEST_F(AmqpCheckerTest, LeavesWithAGoodBye) {
    open_session();
    const std::size_t before = results.size();
    checker.reset();
    ASSERT_TRUE(until([&] { return heard("end") == 1; }));
    EXPECT_EQ(heard("close"), 1);
    EXPECT_EQ(results.size(), before) << "nobody is told any more";
}

TEST_F(AmqpCheckerTest, MayBeDestroyedByItsCallback) {
    on_result = [&](const CheckResult&) { checker.reset(); };
    start();
    EXPECT_TRUE(until([&] { return heard("end") == 1; }));
    EXPECT_EQ(results.size(), 1U);
    EXPECT_EQ(heard("close"), 1);
}

TEST_F(AmqpCheckerTest, ARefusedPortAfterALostSessionIsConclusive) {
    open_session();
    let_it_settle();
    results.clear();
    broker.stop_listening();
    broker.hang_up();
    ASSERT_TRUE(until_results(2));
    EXPECT_EQ(results[0].reason, Reason::other);
    EXPECT_FALSE(results[0].conclusive);
    EXPECT_EQ(results[1].reason, Reason::refused);
    EXPECT_TRUE(results[1].conclusive);
    ASSERT_TRUE(until_results(3));
    EXPECT_FALSE(results[2].conclusive) << "it has been said";
}

TEST_F(AmqpCheckerTest, FarewellLastsWhileThePortRefuses) {
    open_session();
    let_it_settle();
    results.clear();
    broker.stop_listening();
    broker.say(wire::close(320, "CONNECTION_FORCED - Node was put into maintenance mode"));
    ASSERT_TRUE(until_results(3));
    EXPECT_TRUE(results[0].ok());
    for (const CheckResult& result : results)
        EXPECT_EQ(result.availability, Availability::draining);
    EXPECT_EQ(results[1].reason, Reason::refused);
}

// An operator, or a vhost that starts again, closes all connections of all nodes: if each were
// drained for that, nobody would be served until they have taken us back.
TEST_F(AmqpCheckerTest, ANodeThatTakesUsBackHasNotLeft) {
    open_session();
    let_it_settle();
    results.clear();
    broker.say(wire::close(320, "CONNECTION_FORCED - Closed via management plugin"));
    ASSERT_TRUE(until_results(1));
    EXPECT_TRUE(results[0].ok());
    EXPECT_EQ(results[0].availability, Availability::serving);
    for_a_while(100ms);
    for (const CheckResult& result : results)
        EXPECT_EQ(result.availability, Availability::serving);
    EXPECT_EQ(broker.connections, 2);
}

TEST_F(AmqpCheckerTest, AsksAtOnceWhenTheWayIsOpenAgain) {
    options.schedule = {.delay_loop_ns = 60'000 * ms, .delay_before_retry_ns = 60'000 * ms};
    broker.stop_listening();
    start();
    ASSERT_TRUE(until_results(1));
    checker->retry();
    EXPECT_TRUE(until_results(2));
}

TEST_F(AmqpCheckerTest, SessionsThatEndAtOnceAreNotReopenedAtOnce) {
    on_result = [&](const CheckResult&) { broker.hang_up(); };
    start();
    for_a_while(500ms);
    EXPECT_LE(broker.connections, 25) << "a delay_before_retry apart";
}

TEST_F(AmqpCheckerTest, AHungBrokerIsSilent) {
    broker.greets = false;
    start();
    ASSERT_TRUE(until_results(1));
    EXPECT_EQ(results[0].reason, Reason::timeout);
    EXPECT_EQ(results[0].text, "no AMQP greeting");
}

TEST_F(AmqpCheckerTest, MissedHeartbeatsAreToldAndTheSessionIsKept) {
    open_session();
    const auto begun = std::chrono::steady_clock::now();
    ASSERT_TRUE(until([&] { return results.back().reason == Reason::timeout; }));
    results.clear();
    ASSERT_TRUE(until_results(1));
    EXPECT_EQ(results[0].text, "no heartbeat");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 2'400ms);
    ASSERT_TRUE(until_results(2)) << "its kernel acknowledges: it may only be busy";
    EXPECT_EQ(results[1].text, "no heartbeat");
    for_a_while(300ms);  // findings have a pace
    broker.say(wire::heartbeat_frame);
    ASSERT_TRUE(until_results(3));
    EXPECT_TRUE(results[2].ok());
    EXPECT_EQ(broker.connections, 1);
}

TEST_F(AmqpCheckerTest, Alarms) {
    open_session();
    broker.say(wire::blocked("low on memory"));
    ASSERT_TRUE(until_results(2));
    EXPECT_TRUE(results[1].ok());
    EXPECT_EQ(results[1].availability, Availability::blocked);
    EXPECT_EQ(results[1].text, "memory alarm");
}

TEST_F(AmqpCheckerTest, ConfirmLatency) {
    options.level = AmqpLevel::publish;
    start();
    ASSERT_TRUE(until_results(2));
    ASSERT_TRUE(results[1].confirm_latency_ns);
    EXPECT_GT(*results[1].confirm_latency_ns, 0);
    EXPECT_LT(*results[1].confirm_latency_ns, 100 * ms);
}

TEST_F(AmqpCheckerTest, GreetingComesAndGoes) {
    options.level = AmqpLevel::greeting;
    start();
    ASSERT_TRUE(until_results(3));
    EXPECT_GE(broker.connections, 3);
    EXPECT_EQ(heard("login"), 0);
}

TEST_F(AmqpCheckerTest, AnotherClusterNeverGetsALogin) {
    options.cluster_name = "rabbit@other";
    start();
    ASSERT_TRUE(until_results(2));
    EXPECT_EQ(results[1].reason, Reason::foreign);
    EXPECT_EQ(heard("login"), 0);
}

TEST_F(AmqpCheckerTest, ARefusedLogin) {
    broker.answer_to_login = wire::close(403, "ACCESS_REFUSED");
    start();
    ASSERT_TRUE(until_results(1));
    EXPECT_EQ(results[0].reason, Reason::denied);
}

TEST_F(AmqpCheckerTest, WhatABrokerLogsIsDoneLessAndLess) {
    broker.answer_to_login = wire::close(403, "ACCESS_REFUSED");
    options.schedule.delay_loop_ns = 10 * ms;
    checker = make_checker(io, options, [](const CheckResult&) { return Pace::steady; });
    for_a_while(1s);
    EXPECT_GE(broker.connections, 4);
    EXPECT_LE(broker.connections, 8) << "10, 20, 40 ms and so on apart";
}

TEST_F(AmqpCheckerTest, ProxyHeaderHasOurAddress) {
    options.proxy_header = true;
    open_session();
    broker.hang_up();
    ASSERT_TRUE(until([&] { return heard("PROXY") == 2; }));
    EXPECT_EQ(heard("LOCAL"), 0) << "it crashes old brokers' readers";
}

TEST_F(AmqpCheckerTest, PasswordFileIsReadAtEachLogin) {
    options.password_file = testing::TempDir() + "amqp-password";
    std::filesystem::remove(options.password_file);
    start();
    ASSERT_TRUE(until_results(1));
    EXPECT_EQ(results[0].reason, Reason::local);
    EXPECT_EQ(results[0].text,
              "cannot read " + options.password_file + ": No such file or directory");
    std::ofstream(options.password_file) << "\n";
    ASSERT_TRUE(until([&] { return results.back().text.ends_with(": its first line is empty"); }));
    std::ofstream(options.password_file) << "secret\n";
    ASSERT_TRUE(until([&] { return results.back().ok(); }));
    std::filesystem::remove(options.password_file);
}

}  // namespace
}  // namespace warren::health
