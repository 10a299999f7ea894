// SPDX-License-Identifier: BSD-3-Clause
// A handler that throws is logged, and comes again.
#include "journal/attempts.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <stdexcept>

namespace warren::journal {
namespace {

using std::chrono::milliseconds;

TEST(Attempts, WhatThrowsIsLoggedOnceAMinute) {
    EventLog events;
    Attempts attempts(events);
    for (int i = 0; i < 100; ++i) {
        EXPECT_FALSE(attempts("the drain", [] { throw std::runtime_error("no memory"); }));
        EXPECT_TRUE(attempts("the rest", [] {}));
    }
    ASSERT_EQ(events.end(), 2U) << "one line";
    EXPECT_EQ(events.at(1).text, "the drain failed: no memory");
    EXPECT_EQ(attempts.failures(), 100U);
}

TEST(Attempts, EveryGoesOnAfterAThrow) {
    boost::asio::io_context io;
    EventLog events;
    Attempts attempts(events);
    boost::asio::steady_timer timer(io);
    int calls = 0;
    every(timer, milliseconds(1), attempts, "work", [&] {
        if (++calls == 3) timer.cancel();
        throw std::out_of_range("at");
    });
    io.run_for(std::chrono::seconds(10));
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(attempts.failures(), 3U);
}

}  // namespace
}  // namespace warren::journal
