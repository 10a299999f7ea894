// SPDX-License-Identifier: BSD-3-Clause
// What an archive for developers must not have, and how much at most.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "bounded_read.h"
#include "secrets.h"

namespace warren::ctl {
namespace {

TEST(Secrets, TheWordBehindAKeywordIsMasked) {
    EXPECT_EQ(without_secrets("    auth_pass 1234\n    priority 100\n"),
              "    auth_pass ********\n    priority 100\n");
    EXPECT_EQ(without_secrets("password \"two \\\" words\" next"), "password \"********\" next");
    EXPECT_EQ(without_secrets("--password=s3cret --user guest"),
              "--password=******** --user guest");
    EXPECT_EQ(without_secrets(R"({"password": "s3cret", "user": "guest"})"),
              R"({"password": "********", "user": "guest"})");
    EXPECT_EQ(without_secrets(R"({"text": "auth_pass \"12 34\" is too long"})"),
              R"({"text": "auth_pass \"********\" is too long"})");
}

TEST(Secrets, WhatIsNoneStays) {
    for (const char* plain : {"", "password", "password-file /etc/x", "no_password_here x",
                              "auth_passes 3", "10.0.0.1:5672 at http://10.0.0.1:15672/api/x@y"})
        EXPECT_EQ(without_secrets(plain), plain);
}

TEST(Secrets, AUrlLosesItsUser) {
    EXPECT_EQ(without_secrets("at https://guest:word@10.0.0.1:15671/api"),
              "at https://********@10.0.0.1:15671/api");
}

TEST(Secrets, AnOptionOrAnAssignmentNamesThemToo) {
    EXPECT_EQ(without_secrets("PGPASSWORD=x run --rabbit-token abc -u guest:word http://h"),
              "PGPASSWORD=******** run --rabbit-token ******** -u guest:******** http://h");
    EXPECT_EQ(without_secrets("?apikey=x&page=2"), "?apikey=********");
    EXPECT_EQ(without_secrets("an unexpected token here, two checks pass again, --user guest x:y"),
              "an unexpected token here, two checks pass again, --user guest x:y");
}

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
