// SPDX-License-Identifier: BSD-3-Clause
#include "sync/replay_window.h"

#include <gtest/gtest.h>

namespace warren::sync {
namespace {

TEST(ReplayWindow, NothingIsNewTwice) {
    ReplayWindow window;
    for (const std::uint64_t sequence : {1U, 5U, 3U}) {
        EXPECT_TRUE(window.is_new(sequence));
        window.mark(sequence);
        EXPECT_FALSE(window.is_new(sequence));
        EXPECT_TRUE(window.has(sequence));
    }
    EXPECT_TRUE(window.is_new(4));
    EXPECT_FALSE(window.has(4));
    EXPECT_EQ(window.highest(), 5U);
}

TEST(ReplayWindow, WhatIsTooOldIsNeitherNewNorHere) {
    ReplayWindow window;
    window.mark(1);
    window.mark(ReplayWindow::width);
    EXPECT_TRUE(window.has(1));
    window.mark(ReplayWindow::width + 1);
    EXPECT_FALSE(window.has(1));
    EXPECT_FALSE(window.is_new(1));
    EXPECT_TRUE(window.is_new(2));
}

TEST(ReplayWindow, ALeapForgetsAll) {
    ReplayWindow window;
    window.mark(7);
    window.mark(7 + 5 * ReplayWindow::width);
    EXPECT_FALSE(window.has(7 + 4 * ReplayWindow::width));
    EXPECT_TRUE(window.is_new(6 + 5 * ReplayWindow::width));
}

}  // namespace
}  // namespace warren::sync
