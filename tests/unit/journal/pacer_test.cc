// SPDX-License-Identifier: BSD-3-Clause
// Who asks for work that takes long, and how often it is done.
#include "journal/pacer.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace warren::journal {
namespace {

using namespace std::chrono_literals;

class LongWork : public testing::Test {
  protected:
    void work() {
        ++runs_;
        last_begin_ = Pacer::Clock::now();
        std::this_thread::sleep_for(20ms);
        last_end_ = Pacer::Clock::now();
        if (throws_) throw std::runtime_error("no");
    }

    boost::asio::io_context io_;
    EventLog events_;
    Attempts attempts_{events_};
    unsigned runs_ = 0;
    bool throws_ = false;
    Pacer::Clock::time_point last_begin_{}, last_end_{};
    Pacer pacer_{io_, attempts_, "the work", 1, [this] { work(); }};
};

TEST_F(LongWork, TheFirstIsFollowedAtOnceAndAllThatComeMeanwhileTogether) {
    pacer_.follow();
    EXPECT_EQ(runs_, 1U) << "it waits for nothing";
    const Pacer::Clock::time_point end = last_end_;
    for (int i = 0; i < 1'000; ++i)
        pacer_.follow();
    EXPECT_EQ(runs_, 1U) << "it rests";
    io_.run();
    EXPECT_EQ(runs_, 2U) << "what came last is followed too, once for all";
    EXPECT_GE(last_begin_ - end, 20ms) << "half of the time is others'";
}

TEST_F(LongWork, OnceRestedTheNextIsFollowedAtOnceAgain) {
    pacer_.follow();
    pacer_.follow();
    std::this_thread::sleep_for(30ms);
    pacer_.follow();
    EXPECT_EQ(runs_, 2U);
    io_.run();
    EXPECT_EQ(runs_, 2U) << "that was what was due";
}

TEST_F(LongWork, WhatIsDueSoonComesAfterWhatIsDueNow) {
    pacer_.follow_soon();
    EXPECT_EQ(runs_, 0U);
    io_.run();
    EXPECT_EQ(runs_, 1U);
}

TEST_F(LongWork, WhatItLeavesForLaterComesAfterARest) {
    Pacer::Clock::time_point end{};
    unsigned runs = 0;
    Pacer slices(io_, attempts_, "the work", 1, [&] {
        EXPECT_GE(Pacer::Clock::now() - end, 5ms);
        std::this_thread::sleep_for(5ms);
        end = Pacer::Clock::now();
        if (++runs < 3) slices.follow_soon();
    });
    slices.follow();
    EXPECT_EQ(runs, 1U);
    io_.run();
    EXPECT_EQ(runs, 3U);
}

TEST_F(LongWork, OneRunThatFailsIsLoggedAndTheNextComes) {
    throws_ = true;
    pacer_.follow();
    EXPECT_EQ(events_.at(events_.end() - 1).text, "the work failed: no");
    std::this_thread::sleep_for(30ms);
    pacer_.follow();
    EXPECT_EQ(runs_, 2U);
}

}  // namespace
}  // namespace warren::journal
