// SPDX-License-Identifier: BSD-3-Clause
// One mail's conversation, as scripts of what the server says and what we answer.
#include "mail/smtp_session.h"

#include <gtest/gtest.h>

namespace warren::mail {
namespace {

Message message() {
    return {"Mon, 01 Mar 2021 09:44:08 +0000",
            "lb@a.example",
            {"one@b.example", "two@b.example"},
            "[lb1] VRRP Instance VI_1 - Entering MASTER state",
            "=> hello <="};
}

struct Turn {
    const char* server;
    const char* answer;
};

// Plays the server's part; returns the session as it is then.
SmtpSession play(const std::vector<Turn>& turns) {
    SmtpSession session(message(), "lb1");
    for (const Turn& turn : turns)
        EXPECT_EQ(session.receive(turn.server), turn.answer) << "after " << turn.server;
    return session;
}

const char* const data =
    "Date: Mon, 01 Mar 2021 09:44:08 +0000\r\nFrom: lb@a.example\r\n"
    "Subject: [lb1] VRRP Instance VI_1 - Entering MASTER state\r\nX-Mailer: Warren\r\n"
    "To: one@b.example,\r\n two@b.example\r\n\r\n=> hello <=\r\n.\r\n";

TEST(SmtpSession, AMailIsTaken) {
    const SmtpSession s = play({{"220 mail\r\n", "HELO lb1\r\n"},
                                {"250 mail\r\n", "MAIL FROM:<lb@a.example>\r\n"},
                                {"250 ok\r\n", "RCPT TO:<one@b.example>\r\n"},
                                {"250 ok\r\n", "RCPT TO:<two@b.example>\r\n"},
                                {"251 forwards\r\n", "DATA\r\n"},
                                {"354 go on\r\n", data},
                                {"250 queued\r\n", "QUIT\r\n"},
                                {"221 bye\r\n", ""}});
    EXPECT_TRUE(s.is_sent() && s.is_over());
    EXPECT_EQ(s.problem(), "");
}

TEST(SmtpSession, AnswersComeInPiecesAndOfManyLines) {
    const SmtpSession s = play({{"22", ""},
                                {"0-mail\r\n220-more\r", ""},
                                {"\n220 end\r\n", "HELO lb1\r\n"},
                                {"250", ""},
                                {"\n", "MAIL FROM:<lb@a.example>\r\n"}});
    EXPECT_FALSE(s.is_over());
}

TEST(SmtpSession, OneReaderWhoIsRefusedKeepsNothingFromTheOther) {
    const SmtpSession s = play({{"220 mail\r\n", "HELO lb1\r\n"},
                                {"250 mail\r\n", "MAIL FROM:<lb@a.example>\r\n"},
                                {"250 ok\r\n", "RCPT TO:<one@b.example>\r\n"},
                                {"550 who?\r\n", "RCPT TO:<two@b.example>\r\n"},
                                {"250 ok\r\n", "DATA\r\n"},
                                {"354 go on\r\n", data},
                                {"250 queued\r\n", "QUIT\r\n"}});
    EXPECT_TRUE(s.is_sent());
    EXPECT_EQ(s.problem(), "one@b.example: 550 who?");
}

TEST(SmtpSession, NoReaderNoMail) {
    const SmtpSession s = play({{"220 mail\r\n", "HELO lb1\r\n"},
                                {"250 mail\r\n", "MAIL FROM:<lb@a.example>\r\n"},
                                {"250 ok\r\n", "RCPT TO:<one@b.example>\r\n"},
                                {"550 who?\r\n", "RCPT TO:<two@b.example>\r\n"},
                                {"550 who?\r\n", "QUIT\r\n"},
                                {"221 bye\r\n", ""}});
    EXPECT_FALSE(s.is_sent());
    EXPECT_TRUE(s.is_over());
}

TEST(SmtpSession, ARefusalIsQuotedAndEndsIt) {
    const SmtpSession s = play({{"220 mail\r\n", "HELO lb1\r\n"},
                                {"250 mail\r\n", "MAIL FROM:<lb@a.example>\r\n"},
                                {"553 not\x01you\r\n", "QUIT\r\n"},
                                {"221 bye\r\n", ""}});
    EXPECT_EQ(s.problem(), "MAIL FROM: 553 not?you");
    EXPECT_FALSE(s.is_sent());
}

TEST(SmtpSession, AServerThatClosesAndOneThatIsNone) {
    for (const char* first : {"421 too busy\r\n", "SSH-2.0-OpenSSH_9.2\r\n"}) {
        const SmtpSession s = play({{first, ""}});
        EXPECT_TRUE(s.is_over() && !s.is_sent());
        EXPECT_NE(s.problem(), "");
    }
}

TEST(SmtpSession, AnAnswerWithoutEndIsNotKept) {
    SmtpSession s(message(), "lb1");
    EXPECT_EQ(s.receive(std::string(SmtpSession::max_reply_bytes + 1, '2')), "");
    EXPECT_TRUE(s.is_over());
    EXPECT_EQ(s.problem(), "its answer has no end");
}

TEST(Message, DotsAndLineEndsCannotEndIt) {
    Message m = message();
    m.body = "one\n.\n..two\r\nRCPT";
    const std::string text = data_of(m);
    EXPECT_NE(text.find("\r\n\r\none\r\n..\r\n...two\r\nRCPT\r\n.\r\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("\r\n.\r\n"), text.size() - 5);
}

TEST(Message, ANameAddsNoHeader) {
    Message m = message();
    m.subject = "x\r\nBcc: all@b.example";
    EXPECT_NE(data_of(m).find("Subject: x  Bcc: all@b.example\r\n"), std::string::npos);
}

}  // namespace
}  // namespace warren::mail
