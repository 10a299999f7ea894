// SPDX-License-Identifier: BSD-3-Clause
// Links that must have changed for a while: by a clock of milliseconds, waited for, never slept.
#include "tracking/link_delays.h"

#include <gtest/gtest.h>

#include <chrono>

namespace warren::tracking {
namespace {

constexpr std::int64_t one_ms = 1'000'000;
constexpr std::int64_t long_ns = 60'000 * one_ms;

class LinkDelaysTest : public testing::Test {
  protected:
    void follow(std::int64_t down_ns, std::int64_t up_ns) {
        delays_.follow({{.where = {}, .interface = "eth0", .down_ns = down_ns, .up_ns = up_ns}});
        delays_.begin("eth0", true);
    }
    bool counts(bool running) { return delays_.counts_as("eth0", running); }
    // Until a change counts, or a minute is over.
    void wait() {
        io_.restart();
        io_.run_one_for(std::chrono::minutes(1));
    }

    boost::asio::io_context io_;
    std::vector<std::string> due_;
    LinkDelays delays_{io_, [this](const std::string& interface) { due_.push_back(interface); }};
};

TEST_F(LinkDelaysTest, WithoutADelayEveryChangeCountsAtOnce) {
    EXPECT_FALSE(counts(false));
    EXPECT_TRUE(counts(true));
}

TEST_F(LinkDelaysTest, AChangeCountsAfterItsDelay) {
    follow(20 * one_ms, 0);
    EXPECT_TRUE(counts(false)) << "down, not for long";
    EXPECT_TRUE(due_.empty());
    wait();
    EXPECT_EQ(due_, std::vector<std::string>{"eth0"});
    EXPECT_FALSE(counts(false));
    EXPECT_TRUE(counts(true)) << "its delay is 0";
}

TEST_F(LinkDelaysTest, UpHasADelayOfItsOwn) {
    follow(0, 20 * one_ms);
    EXPECT_FALSE(counts(false));
    EXPECT_FALSE(counts(true));
    wait();
    EXPECT_TRUE(counts(true));
}

TEST_F(LinkDelaysTest, WhatReturnsInTimeHasNeverChanged) {
    follow(long_ns, long_ns);
    EXPECT_TRUE(counts(false));
    EXPECT_TRUE(counts(true));
    wait();  // for the timer that was given up
    EXPECT_TRUE(due_.empty());
    EXPECT_TRUE(counts(true));
}

TEST_F(LinkDelaysTest, AskingAgainDoesNotBeginAgain) {
    follow(20 * one_ms, 0);
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(counts(false));
    wait();
    EXPECT_FALSE(counts(false));
}

TEST_F(LinkDelaysTest, AnInterfaceThatGoesCountsAtOnceAndBeginsAnew) {
    follow(long_ns, long_ns);
    EXPECT_TRUE(counts(false));
    delays_.forget("eth0");
    EXPECT_FALSE(counts(false)) << "the first answer";
    EXPECT_FALSE(counts(true));
}

TEST_F(LinkDelaysTest, AReloadWithoutTheDelayEndsTheWait) {
    follow(long_ns, long_ns);
    EXPECT_TRUE(counts(false));
    delays_.follow({});
    EXPECT_FALSE(counts(false));
}

}  // namespace
}  // namespace warren::tracking
