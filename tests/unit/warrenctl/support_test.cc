// SPDX-License-Identifier: BSD-3-Clause
// What an archive for developers must not have, and how much at most.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "asking/bounded_read.h"

namespace warren::ctl {
namespace {

TEST(BoundedRead, OutputIsCut) {
    EXPECT_EQ(output_of("echo one; echo two >&2", 100), "one\ntwo\n");
    EXPECT_EQ(output_of("yes", 4), "y\ny\n\n(the rest is cut off)\n");
    EXPECT_EQ(output_of("echo no; exit 3", 100), "no\n(exit status 3)\n");
}

TEST(BoundedRead, TheLastLines) {
    EXPECT_EQ(last_lines("a\nb\nc\n", 2), "b\nc\n");
    EXPECT_EQ(last_lines("a\nb\nc", 2), "b\nc");
    EXPECT_EQ(last_lines("a\nb\n", 9), "a\nb\n");
    EXPECT_EQ(last_lines("", 9), "");
}

TEST(BoundedRead, TheEndOfAFile) {
    const std::string path = testing::TempDir() + "warrenctl-end-of-file";
    std::ofstream(path) << "first\nsecond\nthird\n";
    EXPECT_EQ(end_of_file(path, 10, 100), "first\nsecond\nthird\n");
    EXPECT_EQ(end_of_file(path, 1, 100), "third\n");
    EXPECT_EQ(end_of_file(path, 10, 10), "third\n") << "a line that is cut is left out";
    EXPECT_EQ(end_of_file(path, 10, 2), "");
    std::filesystem::remove(path);
    EXPECT_THROW(end_of_file(path, 1, 1), std::runtime_error);
}

}  // namespace
}  // namespace warren::ctl
