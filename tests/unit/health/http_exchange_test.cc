// SPDX-License-Identifier: BSD-3-Clause
// The HTTP client against real sockets on loopback: plain and TLS, whole and cut replies.
#include "health/http_exchange.h"

#include <gtest/gtest.h>

#include "layer5_servers.h"
#include "probe/http_request.h"

namespace warren::health {
namespace {

using namespace testing_support;

constexpr const char* hello = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";

class HttpExchangeTest : public testing::Test {
  protected:
    HttpOutcome get(const Target& to, std::optional<TlsOptions> tls = {}) {
        std::optional<HttpOutcome> outcome;
        HttpExchange exchange(io, to, std::move(tls), probe::to_text({.host = "warren.example"}),
                              [&](HttpOutcome result) {
                                  outcome = std::move(result);
                                  io.stop();
                              });
        io.restart();
        io.run_for(std::chrono::seconds(5));
        return outcome.value_or(HttpOutcome{Reason::other, "nothing came"});
    }

    boost::asio::io_context io;
};

TEST_F(HttpExchangeTest, GetsAReply) {
    TextServer server(io, {hello});
    const HttpOutcome outcome = get(server.target());
    EXPECT_TRUE(outcome.ok()) << outcome.problem;
    EXPECT_EQ(outcome.reply.status, 200U);
    EXPECT_EQ(outcome.reply.body, "hello");
    ASSERT_EQ(server.heard.size(), 1U);
    EXPECT_EQ(server.heard[0],
              "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: warren.example\r\n\r\n");
}

TEST_F(HttpExchangeTest, BeginsWithTheHeaderThatTheListenerWants) {
    TextServer server(io, {hello});
    Target to = server.target();
    to.proxy = net::ProxyVersion::v1;
    EXPECT_TRUE(get(to).ok());
    ASSERT_EQ(server.heard.size(), 1U);
    const std::string& heard = server.heard[0];
    EXPECT_TRUE(heard.starts_with("PROXY TCP4 127.0.0.1 127.0.0.1 ")) << heard;
    EXPECT_NE(heard.find(" " + std::to_string(to.port) + "\r\nGET / HTTP/1.0\r\n"),
              std::string::npos)
        << heard;
}

TEST_F(HttpExchangeTest, SaysWhyThereIsNone) {
    TextServer mute(io, {""});
    EXPECT_EQ(get(mute.target()).problem, "the connection ended without a reply");
    TextServer other(io, {"220 mail\r\n"});
    EXPECT_EQ(get(other.target()).reason, Reason::other);
    const HttpOutcome refused = get(closed_target(io));
    EXPECT_EQ(refused.reason, Reason::refused);
    EXPECT_EQ(refused.problem, "Connection refused");
}

TEST_F(HttpExchangeTest, GetsAReplyOverTlsWithTheServersName) {
    TlsTextServer server(io, {hello});
    const HttpOutcome outcome = get(
        server.target(), TlsOptions{.context = make_tls_context(), .server_name = "sni.example"});
    EXPECT_TRUE(outcome.ok()) << outcome.problem;
    EXPECT_EQ(outcome.reply.body, "hello");
    EXPECT_EQ(server.server_names, std::vector<std::string>{"sni.example"});
}

TEST_F(HttpExchangeTest, VerifiesWhereAsked) {
    TlsTextServer server(io, {hello});
    const auto trusting = make_tls_context(server.certificate_file());
    const auto outcome = [&](const std::string& name) {
        return get(server.target(),
                   TlsOptions{.context = trusting, .server_name = name, .verify = true});
    };
    EXPECT_TRUE(outcome("warren.test").ok()) << "the certificate's name";
    EXPECT_FALSE(outcome("other.test").ok());
    EXPECT_EQ(outcome("other.test").reason, Reason::other);
}

// Without a length only close_notify tells a whole reply from a cut one.
TEST_F(HttpExchangeTest, AnEndWithoutCloseNotifyIsNoneWhereTlsIsStrict) {
    constexpr const char* until_end = "HTTP/1.0 200 OK\r\n\r\nhello";
    TlsTextServer server(io, {until_end}, TlsTextServer::Ending::cut);
    const auto outcome = [&](bool strict) {
        return get(server.target(),
                   TlsOptions{.context = make_tls_context(), .strict_end = strict});
    };
    EXPECT_EQ(outcome(false).reply.body, "hello");
    EXPECT_TRUE(outcome(false).ok());
    EXPECT_FALSE(outcome(true).ok());
    TlsTextServer polite(io, {until_end}, TlsTextServer::Ending::close_notify);
    EXPECT_TRUE(
        get(polite.target(), TlsOptions{.context = make_tls_context(), .strict_end = true}).ok());
}

TEST_F(HttpExchangeTest, DestroyedItCallsNobody) {
    TlsTextServer server(io, {hello});
    bool called = false;
    for (int turns = 0; turns < 12; ++turns) {
        auto exchange = std::make_unique<HttpExchange>(
            io, server.target(), TlsOptions{.context = make_tls_context()},
            probe::to_text({.host = "h"}), [&](const HttpOutcome&) { called = true; });
        io.restart();
        for (int i = 0; i < turns && !called; ++i)
            io.run_one_for(std::chrono::seconds(1));
        exchange.reset();
        const bool before = called;
        io.run_for(std::chrono::milliseconds(5));
        EXPECT_EQ(called, before);
        called = false;
    }
}

}  // namespace
}  // namespace warren::health
