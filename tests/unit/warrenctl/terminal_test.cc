// SPDX-License-Identifier: BSD-3-Clause
// What a terminal is sent.
#include "live/terminal.h"

#include <gtest/gtest.h>

namespace warren::ctl {
namespace {

TEST(Painted, ColoursOnlyWhereWanted) {
    const std::vector<ScreenLine> lines{{"T", Tone::heading}, {"bad", Tone::error}, {"x"}};
    EXPECT_EQ(painted(lines, true),
              "\x1b[H\x1b[1mT\x1b[0m\x1b[K\r\n\x1b[31mbad\x1b[0m\x1b[K\r\nx\x1b[K\x1b[J");
    EXPECT_EQ(painted(lines, false), "\x1b[H\x1b[1mT\x1b[0m\x1b[K\r\nbad\x1b[K\r\nx\x1b[K\x1b[J");
}

}  // namespace
}  // namespace warren::ctl
