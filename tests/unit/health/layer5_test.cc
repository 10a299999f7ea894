// SPDX-License-Identifier: BSD-3-Clause
// keepalived's layer 5 checks against real sockets on loopback.
#include "health/layer5.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "layer5_servers.h"
#include "schedules.h"

namespace warren::health {
namespace {

using namespace testing_support;
using asio::ip::udp;

std::string http(const std::string& status, const std::string& body) {
    return "HTTP/1.0 " + status + "\r\n\r\n" + body;
}

HttpUrl url(const std::string& path, probe::HttpExpectation wanted = {}) {
    return {.request = {.target = path, .host = "h"}, .wanted = std::move(wanted)};
}

std::vector<std::string> paths(const std::vector<std::string>& heard) {
    std::vector<std::string> out;
    for (const std::string& request : heard)
        out.push_back(request.substr(4, request.find(' ', 4) - 4));
    return out;
}

// One answer to each datagram; the last one goes on.
class UdpServer {
  public:
    UdpServer(asio::io_context& io, std::vector<std::vector<std::uint8_t>> replies)
        : socket_(io, udp::endpoint(asio::ip::address_v4::loopback(), 0)),
          answers(std::move(replies)) {
        receive();
    }
    Target target() const { return loopback_target(socket_.local_endpoint().port()); }

  private:
    void receive() {
        socket_.async_receive_from(
            asio::buffer(buffer_), from_, [this](boost::system::error_code error, std::size_t n) {
                if (error) return;
                heard.emplace_back(buffer_.begin(),
                                   buffer_.begin() + static_cast<std::ptrdiff_t>(n));
                auto reply = answers.empty() ? std::vector<std::uint8_t>{}
                                             : answers[std::min(heard.size(), answers.size()) - 1];
                if (is_dns)
                    for (std::size_t i = 0; i < 2 && i < reply.size(); ++i)
                        reply[i] = heard.back()[i];
                if (!answers.empty()) socket_.send_to(asio::buffer(reply), from_);
                receive();
            });
    }
    udp::socket socket_;
    udp::endpoint from_;
    std::array<std::uint8_t, 512> buffer_{};

  public:
    std::vector<std::vector<std::uint8_t>> answers;
    std::vector<std::vector<std::uint8_t>> heard;
    bool is_dns = false;  // the answers get the queries' ids
};

// Answers as a mail server does; `code` is its greeting's.
class MailServer : public LoopbackAcceptor {
  public:
    explicit MailServer(asio::io_context& io, std::string code = "220")
        : LoopbackAcceptor(io), greeting(std::move(code)) {
        accept();
    }
    std::string greeting;
    std::vector<std::string> heard;

  private:
    void serve(tcp::socket socket) override {
        auto client = std::make_shared<tcp::socket>(std::move(socket));
        say(client, greeting + " mail\r\n");
        hear(client, std::make_shared<std::string>());
    }
    static void say(const std::shared_ptr<tcp::socket>& client, const std::string& line) {
        boost::system::error_code ignored;
        asio::write(*client, asio::buffer(line), ignored);
    }
    void hear(const std::shared_ptr<tcp::socket>& client,
              const std::shared_ptr<std::string>& input) {
        asio::async_read_until(*client, asio::dynamic_buffer(*input), "\r\n",
                               [=, this](boost::system::error_code error, std::size_t n) {
                                   if (error) return;
                                   heard.push_back(input->substr(0, n - 2));
                                   input->erase(0, n);
                                   say(client,
                                       heard.back() == "QUIT" ? "221 bye\r\n" : "250 hi\r\n");
                                   hear(client, input);
                               });
    }
};

class Layer5Test : public testing::Test {
  protected:
    // As the manager judges with retry 1: the second failure in a row takes it down.
    Pace judge(const CheckResult& result) {
        if (result.ok()) {
            failures = 0;
            is_up = true;
            return Pace::steady;
        }
        if (!is_up || ++failures > 1) {
            is_up = false;
            failures = 0;
            return Pace::steady;
        }
        return Pace::change_pending;
    }
    template <typename Options>
    std::vector<CheckResult> collect(const Options& options, std::size_t enough) {
        std::vector<CheckResult> results;
        auto checker = make_checker(io, options, [&](const CheckResult& result) {
            results.push_back(result);
            if (results.size() == enough) io.stop();
            return judge(result);
        });
        io.restart();
        io.run_for(std::chrono::seconds(5));
        EXPECT_EQ(results.size(), enough);
        results.resize(enough, {Reason::other, 0, "nothing came"});
        return results;
    }

    asio::io_context io;
    bool is_up = true;
    int failures = 0;
};

TEST_F(Layer5Test, HttpIsGoodBadAndGoodAgain) {
    TextServer server(io, {http("200 OK", "hello"), http("503 Busy", ""), http("200 OK", "other"),
                           http("200 OK", "hello")});
    const auto results =
        collect(HttpOptions{.target = server.target(),
                            .urls = {url("/x", {.digest = probe::md5_digest("hello")})},
                            .schedule = fast},
                4);
    EXPECT_TRUE(results[0].ok()) << results[0].text;
    EXPECT_GT(results[0].latency_ns, 0);
    EXPECT_EQ(results[1].text, "/x: HTTP status 503");
    EXPECT_EQ(results[1].reason, Reason::other);
    EXPECT_EQ(results[2].text, "/x: digest " + probe::md5_digest("other"));
    EXPECT_TRUE(results[3].ok());
}

TEST_F(Layer5Test, HttpTakesItsUrlsInTurnAndRetriesTheOneThatFailed) {
    TextServer server(
        io, {http("200 OK", ""), http("404 No", ""), http("200 OK", ""), http("200 OK", "")});
    const auto results = collect(
        HttpOptions{
            .target = server.target(), .urls = {url("/1"), url("/2"), url("/3")}, .schedule = fast},
        4);
    EXPECT_EQ(paths(server.heard), (std::vector<std::string>{"/1", "/2", "/2", "/3"}));
    EXPECT_FALSE(results[1].ok());
    EXPECT_TRUE(results[2].ok()) << "still up";
}

// keepalived: the failed url first, then all of them, and only then the server is up.
TEST_F(Layer5Test, HttpOfADownServerIsUpWhenAllUrlsAreGood) {
    TextServer server(
        io, {http("404 No", ""), http("404 No", ""), http("404 No", ""), http("200 OK", "")});
    const auto results = collect(
        HttpOptions{.target = server.target(), .urls = {url("/1"), url("/2")}, .schedule = fast},
        4);
    EXPECT_EQ(paths(server.heard), (std::vector<std::string>{"/1", "/1", "/1", "/1", "/1", "/2"}));
    EXPECT_TRUE(results[3].ok());
}

TEST_F(Layer5Test, HttpWithAlphaIsUpWhenAllUrlsAreGoodAtOnceWithFastRecovery) {
    is_up = false;
    TextServer server(io, {http("200 OK", "")});
    const auto begin = std::chrono::steady_clock::now();
    const auto results = collect(HttpOptions{.target = server.target(),
                                             .urls = {url("/1"), url("/2"), url("/3")},
                                             .starts_down = true,
                                             .fast_recovery = true,
                                             .schedule = {.delay_loop_ns = 10'000 * ms}},
                                 1);
    EXPECT_TRUE(results[0].ok());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
    EXPECT_EQ(paths(server.heard), (std::vector<std::string>{"/1", "/2", "/3"}));
}

TEST_F(Layer5Test, HttpThatIsSilentRunsOutOfTime) {
    // The kernel shakes hands for it, and nobody reads.
    tcp::acceptor mute(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const auto results =
        collect(HttpOptions{.target = loopback_target(mute.local_endpoint().port()),
                            .urls = {url("/")},
                            .connect_timeout_ns = 20 * ms,
                            .schedule = fast},
                1);
    EXPECT_EQ(results[0].reason, Reason::timeout);
    const auto refused =
        collect(HttpOptions{.target = closed_target(io), .urls = {url("/")}, .schedule = fast}, 1);
    EXPECT_EQ(refused[0].reason, Reason::refused);
}

TEST_F(Layer5Test, HttpWithABadRegexSaysNothingOfTheServer) {
    TextServer server(io, {http("200 OK", "")});
    const auto regex = std::make_shared<const probe::Pattern>(probe::PatternText{.regex = "("});
    const auto results = collect(
        HttpOptions{
            .target = server.target(), .urls = {url("/", {.regex = regex})}, .schedule = fast},
        1);
    EXPECT_EQ(results[0].reason, Reason::local);
}

TEST_F(Layer5Test, SslGetSendsTheNameItIsToldTo) {
    TlsTextServer server(io, {http("200 OK", "hello")}, TlsTextServer::Ending::cut);
    HttpOptions options{
        .target = server.target(), .urls = {url("/")}, .tls = true, .schedule = fast};
    EXPECT_TRUE(collect(options, 1)[0].ok());
    EXPECT_TRUE(server.server_names.empty());
    options.urls[0].server_name = "web.example";
    EXPECT_TRUE(collect(options, 1)[0].ok());
    EXPECT_EQ(server.server_names, std::vector<std::string>{"web.example"});
    options.tls_compliant = true;
    EXPECT_FALSE(collect(options, 1)[0].ok()) << "the server ends without close_notify";
}

TEST_F(Layer5Test, SmtpGreetsAllHosts) {
    MailServer first(io), second(io);
    const auto results = collect(SmtpOptions{.hosts = {first.target(), second.target()},
                                             .helo_name = "warren.example",
                                             .schedule = fast},
                                 2);
    EXPECT_TRUE(results[0].ok()) << results[0].text;
    EXPECT_TRUE(results[1].ok());
    EXPECT_EQ(first.heard, (std::vector<std::string>{"HELO warren.example", "QUIT",
                                                     "HELO warren.example", "QUIT"}));
    EXPECT_EQ(second.heard, first.heard);
    second.greeting = "554";
    EXPECT_EQ(
        collect(SmtpOptions{.hosts = {first.target(), second.target()}, .schedule = fast}, 1)[0]
            .text,
        "greeting '554', not 220");
}

TEST_F(Layer5Test, SmtpThatEndsEarlyOrRefusesFails) {
    TextServer silent(io, {""});
    EXPECT_EQ(collect(
                  SmtpOptions{
                      .hosts = {silent.target()}, .connect_timeout_ns = 20 * ms, .schedule = fast},
                  1)[0]
                  .reason,
              Reason::timeout);
    EXPECT_EQ(collect(SmtpOptions{.hosts = {closed_target(io)}, .schedule = fast}, 1)[0].reason,
              Reason::refused);
}

TEST_F(Layer5Test, DnsTakesAnAnswerWithoutAnError) {
    const std::vector<std::uint8_t> good{0, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0};
    std::vector<std::uint8_t> failing = good;
    failing[3] = 0x82;
    UdpServer server(io, {good, failing, good});
    server.is_dns = true;
    const auto results = collect(
        DnsOptions{.target = server.target(), .type = 1, .name = "a.bc", .schedule = fast}, 3);
    EXPECT_TRUE(results[0].ok()) << results[0].text;
    EXPECT_EQ(results[1].text, "answer SERVFAIL (rcode 2)");
    EXPECT_TRUE(results[2].ok());
    EXPECT_EQ(server.heard[0].size(), 22U);
    EXPECT_NE(std::vector<std::uint8_t>(server.heard[0].begin(), server.heard[0].begin() + 2),
              std::vector<std::uint8_t>(server.heard[1].begin(), server.heard[1].begin() + 2))
        << "an id is not used again; 1 in 65,536 times this fails";
}

TEST_F(Layer5Test, DnsIsNotTakenInByOtherIds) {
    const std::vector<std::uint8_t> foreign{0, 0, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0};
    UdpServer server(io, {{1, 2, 3}});
    EXPECT_EQ(
        collect(
            DnsOptions{.target = server.target(), .connect_timeout_ns = 20 * ms, .schedule = fast},
            1)[0]
            .reason,
        Reason::timeout);
    EXPECT_EQ(collect(DnsOptions{.target = closed_target(io), .schedule = fast}, 1)[0].reason,
              Reason::refused);
    EXPECT_EQ(collect(DnsOptions{.target = server.target(), .name = "a..b", .schedule = fast}, 1)[0]
                  .reason,
              Reason::local);
}

TEST_F(Layer5Test, UdpIsContentWithSilenceButNotWithUnreachable) {
    UdpServer mute(io, {});
    const auto silence = collect(UdpOptions{.target = mute.target(),
                                            .payload = {0xab, 0x12},
                                            .connect_timeout_ns = 10 * ms,
                                            .schedule = fast},
                                 1);
    EXPECT_TRUE(silence[0].ok());
    EXPECT_EQ(silence[0].latency_ns, 0) << "the timeout is no latency";
    EXPECT_EQ(mute.heard[0], (std::vector<std::uint8_t>{0xab, 0x12}));
    EXPECT_EQ(collect(UdpOptions{.target = closed_target(io), .schedule = fast}, 1)[0].reason,
              Reason::refused);
    collect(UdpOptions{.target = mute.target(), .connect_timeout_ns = 10 * ms, .schedule = fast},
            1);
    EXPECT_EQ(mute.heard.back().size(), 32U) << "random bytes";
}

TEST_F(Layer5Test, UdpThatWantsAReplyJudgesIt) {
    UdpServer server(io, {{1, 2, 3}});
    UdpOptions options{
        .target = server.target(), .payload = {0}, .require_reply = true, .schedule = fast};
    EXPECT_TRUE(collect(options, 1)[0].ok());
    options.reply = probe::read_hex("01 0X 03", true);
    EXPECT_TRUE(collect(options, 1)[0].ok());
    options.reply = probe::read_hex("01 03", true);
    EXPECT_EQ(collect(options, 1)[0].text, "another reply");
    options.reply.reset();
    options.max_reply_bytes = 2;
    EXPECT_EQ(collect(options, 1)[0].text, "a reply of another length");
    options.max_reply_bytes = 255;
    options.min_reply_bytes = 4;
    EXPECT_EQ(collect(options, 1)[0].text, "a reply of another length");
    UdpServer mute(io, {});
    EXPECT_EQ(collect(UdpOptions{.target = mute.target(),
                                 .require_reply = true,
                                 .connect_timeout_ns = 10 * ms,
                                 .schedule = fast},
                      1)[0]
                  .reason,
              Reason::timeout);
}

TEST_F(Layer5Test, MiscTakesAnExitStatusForAWordOrAWeight) {
    std::vector<ProgramEnd> ends{{0, "exit status 0"},
                                 {1, "exit status 1"},
                                 {12, "exit status 12"},
                                 {2, "exit status 2"},
                                 {{}, "timed out"}};
    std::size_t at = 0;
    MiscOptions options{
        .run =
            [&](std::function<void(const ProgramEnd&)> ended) {
                asio::post(io, [&, ended = std::move(ended)] { ended(ends[at++ % ends.size()]); });
                return std::string();
            },
        .dynamic = true,
        .weight = 3,
        .schedule = fast};
    const auto dynamic = collect(options, 5);
    EXPECT_TRUE(dynamic[0].ok());
    EXPECT_FALSE(dynamic[0].weight_change) << "unchanged";
    EXPECT_EQ(dynamic[1].text, "exit status 1");
    EXPECT_TRUE(dynamic[2].ok());
    EXPECT_EQ(dynamic[2].weight_change, 7) << "weight 10";
    EXPECT_EQ(dynamic[3].weight_change, -3) << "weight 0";
    EXPECT_EQ(dynamic[4].text, "timed out");
    at = 2;
    options.dynamic = false;
    EXPECT_EQ(collect(options, 1)[0].text, "exit status 12");
}

TEST_F(Layer5Test, MiscThatCannotRunSaysNothingOfTheServer) {
    const auto results = collect(
        MiscOptions{.run = [](const auto&) { return std::string("no"); }, .schedule = fast}, 1);
    EXPECT_EQ(results[0].reason, Reason::local);
}

TEST_F(Layer5Test, DestroyedNoneCallsBack) {
    UdpServer mute(io, {});
    MailServer mail(io);
    TlsTextServer web(io, {http("200 OK", "")});
    int calls = 0;
    const Callback count = [&](const CheckResult&) {
        ++calls;
        return Pace::steady;
    };
    for (int steps = 0; steps < 20; ++steps) {
        std::vector<std::unique_ptr<Checker>> checkers;
        checkers.push_back(make_checker(io, DnsOptions{.target = mute.target()}, count));
        checkers.push_back(make_checker(io, UdpOptions{.target = mute.target()}, count));
        checkers.push_back(make_checker(io, SmtpOptions{.hosts = {mail.target()}}, count));
        checkers.push_back(make_checker(
            io, HttpOptions{.target = web.target(), .urls = {url("/")}, .tls = true}, count));
        io.restart();
        for (int i = 0; i < steps; ++i)
            io.run_one_for(std::chrono::milliseconds(10));
        checkers.clear();
        const int before = calls;
        io.run_for(std::chrono::milliseconds(5));
        EXPECT_EQ(calls, before);
    }
}

// Asks only when it is told to.
HttpOptions when_doubted(std::uint16_t port, std::int64_t timeout_ns) {
    return {.target = loopback_target(port),
            .urls = {url("/")},
            .connect_timeout_ns = timeout_ns,
            .schedule = {.delay_loop_ns = 60'000 * ms, .warmup_ns = 60'000 * ms}};
}

// The echo's answer is late: the attempt has failed in haste, and the next one has its time.
TEST_F(Layer5Test, AHostThatAnswersLateBringsNoAttemptForward) {
    tcp::acceptor full(io);
    full.open(tcp::v4());
    full.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    full.listen(0);
    tcp::socket filler(io);
    filler.connect(full.local_endpoint());
    int attempts = 0;
    const auto checker = make_checker(io, when_doubted(full.local_endpoint().port(), 150 * ms),
                                      [&](const CheckResult&) {
                                          ++attempts;
                                          return Pace::steady;
                                      });
    checker->recheck();
    io.run_for(std::chrono::milliseconds(140));
    EXPECT_EQ(attempts, 1);
    checker->on_host_alive();
    io.run_for(std::chrono::milliseconds(300));
    EXPECT_EQ(attempts, 1);
}

// Its kernel has acknowledged the question of a server in doubt: a page may take its time.
TEST_F(Layer5Test, WhoIsHeardIsInNoHaste) {
    tcp::acceptor mute(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    std::optional<CheckResult> result;
    const auto checker = make_checker(io, when_doubted(mute.local_endpoint().port(), 400 * ms),
                                      [&](const CheckResult& found) {
                                          result = found;
                                          return Pace::steady;
                                      });
    checker->recheck();
    io.run_for(std::chrono::milliseconds(250));
    EXPECT_FALSE(result);
    io.run_for(std::chrono::milliseconds(300));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->reason, Reason::timeout);
}

}  // namespace
}  // namespace warren::health
