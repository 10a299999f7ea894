// SPDX-License-Identifier: BSD-3-Clause
#include "probe/smtp_dialogue.h"

#include <gtest/gtest.h>

namespace warren::probe {
namespace {

TEST(SmtpDialogue, GreetsAndLeaves) {
    SmtpDialogue dialogue("warren.example");
    EXPECT_EQ(dialogue.receive("220 mail ESMTP\r\n"), "HELO warren.example\r\n");
    EXPECT_EQ(dialogue.receive("250 mail\r\n"), "QUIT\r\n");
    EXPECT_FALSE(dialogue.is_over());
    EXPECT_EQ(dialogue.receive("221 bye\r\n"), "");
    EXPECT_TRUE(dialogue.is_over());
    EXPECT_EQ(dialogue.problem(), "");
}

TEST(SmtpDialogue, WaitsForTheLastLineInAnyPieces) {
    SmtpDialogue dialogue("h");
    EXPECT_EQ(dialogue.receive("220-mail\r\n220-no "), "");
    EXPECT_EQ(dialogue.receive("relay\r\n22"), "");
    EXPECT_EQ(dialogue.receive("0 here\r"), "");
    EXPECT_EQ(dialogue.receive("\n"), "HELO h\r\n");
}

TEST(SmtpDialogue, OtherCodesEndIt) {
    SmtpDialogue busy("h");
    busy.receive("554 go away\r\n");
    EXPECT_TRUE(busy.is_over());
    EXPECT_EQ(busy.problem(), "greeting '554', not 220");
    SmtpDialogue strict("h");
    strict.receive("220 x\r\n");
    strict.receive("501 who?\r\n");
    EXPECT_EQ(strict.problem(), "answer '501' to HELO, not 250");
    SmtpDialogue foreign("h");
    foreign.receive("\n");
    EXPECT_TRUE(foreign.is_over());
    EXPECT_NE(foreign.problem(), "");
}

TEST(SmtpDialogue, AnEndlessAnswerIsBounded) {
    SmtpDialogue dialogue("h");
    for (int i = 0; i < 100 && !dialogue.is_over(); ++i)
        dialogue.receive(std::string(100, 'x'));
    EXPECT_TRUE(dialogue.is_over());
    EXPECT_EQ(dialogue.problem(), "an answer without an end");
}

}  // namespace
}  // namespace warren::probe
