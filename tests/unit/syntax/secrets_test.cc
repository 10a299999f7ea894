// SPDX-License-Identifier: BSD-3-Clause
// What is masked in any text. Statements: document_test.cc.
#include "syntax/secrets.h"

#include <gtest/gtest.h>

namespace warren::syntax {
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

TEST(Secrets, AUrlLosesWhatItsUserKnows) {
    EXPECT_EQ(without_secrets("https://key@10.0.0.1/api"), "https://********@10.0.0.1/api");
    EXPECT_EQ(without_secrets("at https://guest:word@10.0.0.1:15671/api"),
              "at https://guest:********@10.0.0.1:15671/api");
}

TEST(Secrets, AnOptionOrAnAssignmentNamesThemToo) {
    EXPECT_EQ(without_secrets("PGPASSWORD=x run --rabbit-token abc -u guest:word http://h"),
              "PGPASSWORD=******** run --rabbit-token ******** -u guest:******** http://h");
    EXPECT_EQ(without_secrets("?apikey=x&page=2"), "?apikey=********&page=2");
    EXPECT_EQ(without_secrets("an unexpected token here, two checks pass again, --user guest x:y"),
              "an unexpected token here, two checks pass again, --user guest x:y");
}

}  // namespace
}  // namespace warren::syntax
