// SPDX-License-Identifier: BSD-3-Clause
// What an HTTP check sends, how a reply is read in any pieces, and how it is judged.
#include <gtest/gtest.h>

#include "probe/http_judge.h"
#include "probe/http_reply.h"
#include "probe/http_request.h"

namespace warren::probe {
namespace {

const std::string page =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nhello\n";

struct InPieces : HttpReplyReader {
    InPieces(std::string_view text, std::size_t piece) {
        for (std::size_t at = 0; at < text.size(); at += piece)
            take(text.substr(at, piece));
    }
};

HttpReply reply_of(unsigned status, const std::string& body) {
    return {status, body, body};
}

TEST(HttpRequest, IsKeepalivedsInEachProtocol) {
    EXPECT_EQ(to_text({.target = "/health", .host = "192.0.2.1:80"}),
              "GET /health HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 192.0.2.1:80\r\n\r\n");
    EXPECT_EQ(
        to_text({.host = "a", .protocol = HttpProtocol::v1_0_close}),
        "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: a\r\n\r\n");
    EXPECT_EQ(
        to_text({.host = "a", .protocol = HttpProtocol::v1_1}),
        "GET / HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: a\r\n\r\n");
}

TEST(HttpRequest, CarriesBasicAuthentication) {
    const std::string text = to_text({.host = "a", .credentials = "Aladdin:open sesame"});
    EXPECT_NE(text.find("\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"),
              std::string::npos)
        << "RFC 7617's example";
}

TEST(HttpRequest, Base64PadsAsRfc4648Shows) {
    EXPECT_EQ(base64(""), "");
    EXPECT_EQ(base64("f"), "Zg==");
    EXPECT_EQ(base64("fo"), "Zm8=");
    EXPECT_EQ(base64("foo"), "Zm9v");
    EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64("\xff\xfe"), "//4=");
}

TEST(HttpRequest, TheHostOfAnAddressHasAPort) {
    EXPECT_EQ(host_of(net::IpAddress::v4(192, 0, 2, 1), 80), "192.0.2.1:80");
    EXPECT_EQ(host_of(*net::IpAddress::parse("2001:db8::1"), 8080), "[2001:db8::1]:8080");
}

TEST(HttpReply, IsReadInPiecesOfAnySize) {
    for (const std::size_t piece : {1U, 2U, 7U, 60U, 1000U}) {
        InPieces reader(page, piece);
        ASSERT_TRUE(reader.is_done()) << piece;
        EXPECT_EQ(reader.problem(), "");
        EXPECT_EQ(reader.reply().status, 200U);
        EXPECT_EQ(reader.reply().body, "hello\n");
        EXPECT_EQ(reader.reply().raw_body, "hello\n");
    }
}

TEST(HttpReply, WithoutALengthGoesOnUntilTheEnd) {
    InPieces reader("HTTP/1.0 503 Busy\r\n\r\nsorry", 3);
    EXPECT_FALSE(reader.is_done());
    reader.end();
    ASSERT_TRUE(reader.is_done());
    EXPECT_EQ(reader.problem(), "");
    EXPECT_EQ(reader.reply().status, 503U);
    EXPECT_EQ(reader.reply().body, "sorry");
}

TEST(HttpReply, ThatIsShorterThanAnnouncedIsOne) {
    InPieces reader("HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nsorry", 100);
    reader.end();
    EXPECT_EQ(reader.problem(), "");
    EXPECT_EQ(reader.reply().raw_body, "sorry");
}

TEST(HttpReply, KeepsChunksInTheRawBodyOnly) {
    const std::string chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for (const std::size_t piece : {1U, 5U, 1000U}) {
        InPieces reader(chunked, piece);
        ASSERT_TRUE(reader.is_done()) << piece;
        EXPECT_EQ(reader.reply().body, "abcde");
        EXPECT_EQ(reader.reply().raw_body, "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    }
}

// A body of no chunks, whose end comes byte by byte: Beast 1.74 asserted that it comes whole.
TEST(HttpReply, HasNoBodyInNoChunks) {
    InPieces reader("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1);
    ASSERT_TRUE(reader.is_done());
    EXPECT_EQ(reader.problem(), "");
    EXPECT_EQ(reader.reply().raw_body, "0\r\n\r\n");
}

// Of scripts behind xinetd or netcat, and of small servers.
TEST(HttpReply, IsReadForgivingly) {
    for (const std::string_view text :
         {"HTTP/1.1 200 OK\nContent-Length: 3\n\nok\n", "HTTP/1.0 200\r\n\r\nok\n",
          "HTTP/1.0 200\n\nok\n", "HTTP/1.1 200 \r\nX: a\n\r\nok\n",
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\nLink: a\n\nHTTP/1.1 200 OK\r\n\r\nok\n"})
        for (const std::size_t piece : {1U, 2U, 5U, 1000U}) {
            InPieces reader(text, piece);
            reader.end();
            EXPECT_EQ(reader.problem(), "") << text;
            EXPECT_EQ(reader.reply().status, 200U) << text;
            EXPECT_EQ(reader.reply().raw_body, "ok\n") << text;
        }
    InPieces only_continue("HTTP/1.1 100 Continue\r\n\r\n", 9);
    only_continue.end();
    EXPECT_EQ(only_continue.problem(), "the connection ended without a reply");
    InPieces no_code("HTTP/1.1 2\n\n", 3);
    EXPECT_NE(no_code.problem(), "");
}

TEST(HttpReply, OtherProtocolsAndEarlyEndsAreNone) {
    InPieces ssh("SSH-2.0-OpenSSH_9.2p1\r\n\r\n", 4);
    ASSERT_TRUE(ssh.is_done());
    EXPECT_NE(ssh.problem(), "");
    HttpReplyReader nothing;
    nothing.end();
    EXPECT_EQ(nothing.problem(), "the connection ended without a reply");
    InPieces half("HTTP/1.1 200 OK\r\nContent-", 100);
    half.end();
    EXPECT_EQ(half.problem(), "the connection ended without a reply");
}

TEST(HttpReply, IsBoundedInHeaderAndBody) {
    HttpReplyReader endless;
    endless.take("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 5000 && !endless.is_done(); ++i)
        endless.take("X-Filler: 0123456789012345678901234567890123456789\r\n");
    EXPECT_TRUE(endless.is_done());
    EXPECT_NE(endless.problem(), "");
    HttpReplyReader long_one;
    long_one.take("HTTP/1.1 200 OK\r\n\r\n");
    const std::string block(64 * 1024, 'x');
    for (int i = 0; i < 20 && !long_one.is_done(); ++i)
        long_one.take(block);
    EXPECT_TRUE(long_one.is_done());
    EXPECT_NE(long_one.problem(), "");
}

TEST(HttpJudge, StatusCodesAreRangesAndTwoHundredsByDefault) {
    EXPECT_EQ(judge({}, reply_of(200, "")), "");
    EXPECT_EQ(judge({}, reply_of(299, "")), "");
    EXPECT_EQ(judge({}, reply_of(300, "")), "HTTP status 300");
    const HttpExpectation some{.status_codes = {{200, 200}, {400, 499}}};
    EXPECT_EQ(judge(some, reply_of(404, "")), "");
    EXPECT_EQ(judge(some, reply_of(201, "")), "HTTP status 201");
}

TEST(HttpJudge, TheDigestIsMd5OfTheBody) {
    EXPECT_EQ(md5_digest(""), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(md5_digest("abc"), "900150983cd24fb0d6963f7d28e17f72") << "RFC 1321 A.5";
    const HttpExpectation wanted{.digest = "900150983CD24FB0D6963F7D28E17F72"};
    EXPECT_EQ(judge(wanted, reply_of(200, "abc")), "");
    EXPECT_EQ(judge(wanted, reply_of(200, "")), "digest d41d8cd98f00b204e9800998ecf8427e");
}

TEST(HttpJudge, ARegexMustOrMustNotMatch) {
    const auto regex = std::make_shared<const Pattern>(PatternText{.regex = "status: (ok|fine)"});
    const HttpExpectation wanted{.regex = regex};
    EXPECT_EQ(judge(wanted, reply_of(200, "x status: fine x")), "");
    EXPECT_EQ(judge(wanted, reply_of(200, "status: bad")), "regex does not match");
    const HttpExpectation unwanted{.regex = regex, .regex_no_match = true};
    EXPECT_EQ(judge(unwanted, reply_of(200, "status: ok")), "regex matches");
    EXPECT_EQ(judge(unwanted, reply_of(200, "status: bad")), "");
}

}  // namespace
}  // namespace warren::probe
