// SPDX-License-Identifier: BSD-3-Clause
// The checkers against real sockets, in a network namespace of their own:
//   127.0.0.1      servers of this process
//   192.0.2.9      behind a veth whose far end takes frames and never answers: a silent server
//   192.0.2.8      the same without an ARP entry: nobody answers ARP
//   198.51.100.1   unreachable route
#include "health/checker.h"
#include "health/layer5.h"

#include <dirent.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fstream>
#include <functional>
#include <sstream>
#include <vector>

#include "own_namespace.h"
#include "schedules.h"

namespace warren::health {
namespace {

using boost::asio::ip::tcp;
using namespace std::chrono_literals;

const net::IpAddress loopback = net::IpAddress::v4(127, 0, 0, 1);
const net::IpAddress silent = net::IpAddress::v4(192, 0, 2, 9);
const net::IpAddress no_route = net::IpAddress::v4(198, 51, 100, 1);
const net::IpAddress no_arp = net::IpAddress::v4(192, 0, 2, 8);

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* directory = opendir("/proc/self/fd");
    while (readdir(directory) != nullptr)
        ++count;
    closedir(directory);
    return count;
}

// Accepts, and remembers how each client left: bytes seen and the final error (eof = FIN).
class Server {
  public:
    explicit Server(boost::asio::io_context& io, std::uint16_t port = 0)
        : acceptor_(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), port)) {
        accept();
    }
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    using Ends = std::vector<std::pair<std::size_t, boost::system::error_code>>;
    const Ends& ends() const { return *ends_; }
    const std::vector<std::uint16_t>& peers() const { return peers_; }  // their ports

  private:
    void accept() {
        acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
            if (error) return;
            if (const auto peer = socket.remote_endpoint(error); !error)
                peers_.push_back(peer.port());
            auto client = std::make_shared<tcp::socket>(std::move(socket));
            auto buffer = std::make_shared<std::array<char, 64>>();
            client->async_read_some(
                boost::asio::buffer(*buffer),
                [ends = ends_, client, buffer](boost::system::error_code e, std::size_t n) {
                    if (e != boost::asio::error::operation_aborted) ends->emplace_back(n, e);
                });
            accept();
        });
    }
    tcp::acceptor acceptor_;
    std::shared_ptr<Ends> ends_ = std::make_shared<Ends>();  // clients may outlive their server
    std::vector<std::uint16_t> peers_;
};

// Never accepts: the kernel takes backlog + 1 connections and then drops SYNs.
class FullListener {
  public:
    explicit FullListener(boost::asio::io_context& io) : acceptor_(io), filler_(io) {
        acceptor_.open(tcp::v4());
        acceptor_.bind(tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
        acceptor_.listen(0);
        filler_.connect(acceptor_.local_endpoint());
    }
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  private:
    tcp::acceptor acceptor_;
    tcp::socket filler_;
};

class CheckerTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        ready = testing_support::enter_own_namespace();
        if (!ready) return;
        for (const char* command :
             {"ip link add hc0 type veth peer name hc1", "ip link set hc1 up",
              "ip addr add 192.0.2.1/24 dev hc0", "ip link set hc0 up",
              "ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev hc0 nud permanent",
              "ip route add unreachable 198.51.100.1",
              "ip rule add fwmark 7 to 192.0.2.9 unreachable"})
            ASSERT_TRUE(testing_support::run(command)) << command;
    }
    void SetUp() override {
        if (!ready) GTEST_SKIP() << "no network namespaces here";
    }

    // Runs until `enough` results came in; five seconds are for broken code only.
    template <typename Options>
    std::vector<CheckResult> collect(const Options& options, std::size_t enough) {
        std::vector<CheckResult> results;
        auto checker = make_checker(io, options, [&](const CheckResult& result) {
            results.push_back(result);
            if (results.size() == enough) io.stop();
            return Pace::steady;
        });
        run();
        return results;
    }
    // Whether so many connections to the server end within five seconds.
    bool sees_ends(Server& server, std::size_t enough) {
        io.restart();
        const auto deadline = std::chrono::steady_clock::now() + 5s;
        while (server.ends().size() < enough && io.run_one_until(deadline) != 0) {
        }
        return server.ends().size() >= enough;
    }
    void run() {
        io.restart();
        io.run_for(5s);
    }
    // For a port on which nobody listens.
    std::uint16_t closed_port() {
        tcp::acceptor once(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
        return once.local_endpoint().port();
    }

    static inline bool ready = false;
    boost::asio::io_context io;
};

TEST_F(CheckerTest, TcpOkReportsConnectTime) {
    Server server(io);
    const auto results =
        collect(TcpOptions{.address = loopback, .port = server.port(), .schedule = fast}, 3);
    ASSERT_EQ(results.size(), 3U);
    for (const CheckResult& result : results) {
        EXPECT_TRUE(result.ok());
        EXPECT_EQ(result.reason, Reason::none);
        EXPECT_GT(result.latency_ns, 0);
        EXPECT_LT(result.latency_ns, 1000 * ms);
        EXPECT_EQ(result.text, "");
    }
}

TEST_F(CheckerTest, TcpLeavesWithFinAndWithoutAByte) {
    Server server(io);
    auto checker =
        make_checker(io, TcpOptions{.address = loopback, .port = server.port(), .schedule = fast},
                     [](const CheckResult&) { return Pace::steady; });
    ASSERT_TRUE(sees_ends(server, 3));
    for (const auto& [bytes, end] : server.ends()) {
        EXPECT_EQ(bytes, 0U);
        EXPECT_EQ(end, boost::asio::error::eof) << "a RST would be connection_reset";
    }
}

// TCP segments that this namespace has received, which are those that it has sent: lo has two ends.
std::uint64_t segments() {
    std::ifstream file("/proc/thread-self/net/snmp");
    std::string names, values, line;
    while (std::getline(file, line))
        if (line.starts_with("Tcp:")) (names.empty() ? names : values) = line;
    std::istringstream name(names), value(values);
    for (std::string n, v; name >> n && value >> v;)
        if (n == "InSegs") return std::stoull(v);
    return 0;
}

TEST_F(CheckerTest, TcpAcknowledgesTheHandshakeWithItsFin) {
    Server server(io);
    const std::uint64_t before = segments();
    auto checker =
        make_checker(io, TcpOptions{.address = loopback, .port = server.port(), .schedule = fast},
                     [](const CheckResult&) { return Pace::steady; });
    ASSERT_TRUE(sees_ends(server, 20));
    // SYN, its answer, FIN, the server's FIN, ACK; the last two checks may still go on.
    EXPECT_LE(segments() - before, server.ends().size() * 5 + 5);
}

TEST_F(CheckerTest, TcpSlowAnswerIsWaitedFor) {
    tcp::acceptor acceptor(io);
    acceptor.open(tcp::v4());
    acceptor.bind(tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    acceptor.listen(0);
    tcp::socket filler(io);
    filler.connect(acceptor.local_endpoint());
    boost::asio::steady_timer later(io, 100ms);  // our SYN is dropped; the next comes after 1 s
    later.async_wait([&](const boost::system::error_code&) { acceptor.accept(); });
    const auto results = collect(
        TcpOptions{.address = loopback, .port = acceptor.local_endpoint().port(), .schedule = fast},
        1);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_TRUE(results[0].ok()) << results[0].text;
    EXPECT_GE(results[0].latency_ns, 500 * ms) << "the lost SYN is in it";
}

// As in keepalived: the handshake is what counts.
TEST_F(CheckerTest, TcpOfAServerThatAcceptsAndResetsPasses) {
    tcp::acceptor acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    unsigned resets = 0;
    std::function<void()> accept = [&] {
        acceptor.async_accept([&](boost::system::error_code error, tcp::socket socket) {
            if (error) return;
            socket.set_option(tcp::socket::linger(true, 0));
            ++resets;
            accept();
        });
    };
    accept();
    const auto results = collect(
        TcpOptions{.address = loopback, .port = acceptor.local_endpoint().port(), .schedule = fast},
        20);
    ASSERT_EQ(results.size(), 20U);
    EXPECT_GE(resets, 19U);
    for (const CheckResult& result : results)
        EXPECT_TRUE(result.ok()) << result.text;
}

TEST_F(CheckerTest, TcpRefusedIsKnownAtOnce) {
    const auto begin = std::chrono::steady_clock::now();
    const auto results =
        collect(TcpOptions{.address = loopback, .port = closed_port(), .schedule = fast}, 3);
    ASSERT_EQ(results.size(), 3U);
    for (const CheckResult& result : results)
        EXPECT_EQ(result.reason, Reason::refused) << result.text;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s)
        << "far below the connect_timeout of 5 s";
}

TEST_F(CheckerTest, TcpSilentServerTimesOut) {
    const auto results = collect(
        TcpOptions{.address = silent, .port = 5672, .connect_timeout_ns = 5 * ms, .schedule = fast},
        2);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[1].reason, Reason::timeout);
    EXPECT_GE(results[1].latency_ns, 5 * ms);
}

TEST_F(CheckerTest, TcpFullBacklogTimesOut) {
    const FullListener listener(io);
    const auto results = collect(TcpOptions{.address = loopback,
                                            .port = listener.port(),
                                            .connect_timeout_ns = 20 * ms,
                                            .schedule = fast},
                                 2);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[1].reason, Reason::timeout);
}

TEST_F(CheckerTest, TcpNoRouteIsUnreachableAtOnce) {
    const auto results =
        collect(TcpOptions{.address = no_route, .port = 5672, .schedule = fast}, 2);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[1].reason, Reason::unreachable) << results[1].text;
}

TEST_F(CheckerTest, TcpForeignSourceIsALocalErrorAndNeverCounts) {
    Server server(io);
    const auto results = collect(TcpOptions{.address = loopback,
                                            .port = server.port(),
                                            .source = {.address = net::IpAddress::v4(10, 9, 8, 7)},
                                            .schedule = fast},
                                 4);
    ASSERT_EQ(results.size(), 4U);
    for (const CheckResult& result : results) {
        EXPECT_EQ(result.reason, Reason::local);
    }
}

TEST_F(CheckerTest, TcpBindsToTheConfiguredSource) {
    tcp::acceptor acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    std::string from;
    acceptor.async_accept([&](boost::system::error_code error, const tcp::socket& socket) {
        if (!error) from = socket.remote_endpoint(error).address().to_string();
        io.stop();
    });
    auto checker = make_checker(io,
                                TcpOptions{.address = loopback,
                                           .port = acceptor.local_endpoint().port(),
                                           .source = {.address = net::IpAddress::v4(127, 0, 0, 77)},
                                           .schedule = fast},
                                [](const CheckResult&) { return Pace::steady; });
    run();
    EXPECT_EQ(from, "127.0.0.77");
}

TEST_F(CheckerTest, TcpHasTheConfiguredMarkAndPort) {
    auto results = collect(TcpOptions{.address = silent,
                                      .port = 80,
                                      .source = {.fwmark = 7},
                                      .connect_timeout_ns = 100 * ms,
                                      .schedule = fast},
                           1);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(results[0].reason, Reason::unreachable) << "a rule of the host sees the mark";
    Server server(io);
    const std::uint16_t port = closed_port();
    results = collect(TcpOptions{.address = loopback,
                                 .port = server.port(),
                                 .source = {.address = loopback, .port = port},
                                 .schedule = fast},
                      1);
    ASSERT_TRUE(sees_ends(server, 1));
    EXPECT_EQ(server.peers().front(), port);
}

TEST_F(CheckerTest, TcpFlappingServer) {
    auto server = std::make_unique<Server>(io);
    const std::uint16_t port = server->port();
    std::string seen;
    std::unique_ptr<Checker> checker =
        make_checker(io, TcpOptions{.address = loopback, .port = port, .schedule = fast},
                     [&](const CheckResult& result) {
                         const char outcome = result.ok() ? '+' : '-';
                         if (seen.empty() || seen.back() != outcome) seen += outcome;
                         if (seen == "+") server.reset();
                         if (seen == "+-" && !server) server = std::make_unique<Server>(io, port);
                         if (seen == "+-+") io.stop();
                         return Pace::steady;
                     });
    run();
    EXPECT_EQ(seen, "+-+");
}

TEST_F(CheckerTest, APendingChangeSetsThePace) {
    const Schedule slow_unless_pending{.delay_loop_ns = 60'000 * ms, .delay_before_retry_ns = 0};
    int called = 0;
    const auto checker = make_checker(
        io, TcpOptions{.address = loopback, .port = closed_port(), .schedule = slow_unless_pending},
        [&](const CheckResult&) {
            if (++called == 3) io.stop();
            return Pace::change_pending;
        });
    const auto begin = std::chrono::steady_clock::now();
    run();
    EXPECT_EQ(called, 3);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 2ms) << "never without any pause";
}

TEST_F(CheckerTest, ACallbackThatThrowsDoesNotEndTheRhythm) {
    int called = 0;
    const auto checker =
        make_checker(io, TcpOptions{.address = loopback, .port = closed_port(), .schedule = fast},
                     [&](const CheckResult&) -> Pace {
                         if (++called == 1) throw std::runtime_error("once");
                         io.stop();
                         return Pace::steady;
                     });
    EXPECT_THROW(run(), std::runtime_error);
    run();
    EXPECT_EQ(called, 2);
}

TEST_F(CheckerTest, PingOk) {
    const auto results = collect(PingOptions{.address = loopback, .schedule = fast}, 3);
    ASSERT_EQ(results.size(), 3U);
    for (const CheckResult& result : results) {
        EXPECT_TRUE(result.ok()) << result.text;
        EXPECT_GT(result.latency_ns, 0);
    }
}

TEST_F(CheckerTest, PingOkIpv6) {
    const auto results =
        collect(PingOptions{.address = *net::IpAddress::parse("::1"), .schedule = fast}, 2);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_TRUE(results[0].ok()) << results[0].text;
}

TEST_F(CheckerTest, PingSilentServerTimesOut) {
    const auto results =
        collect(PingOptions{.address = silent, .timeout_ns = 5 * ms, .schedule = fast}, 2);
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[1].reason, Reason::timeout);
}

TEST_F(CheckerTest, PingNoRouteIsUnreachable) {
    const auto results = collect(PingOptions{.address = no_route, .schedule = fast}, 1);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(results[0].reason, Reason::unreachable) << results[0].text;
}

TEST_F(CheckerTest, PingLearnsOfUnansweredArpBeforeItsTimeout) {
    testing_support::run("sysctl -w net.ipv4.neigh.hc0.retrans_time_ms=50");
    const auto results =
        collect(PingOptions{.address = no_arp, .timeout_ns = 4'000 * ms, .schedule = fast}, 1);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(results[0].reason, Reason::unreachable) << results[0].text;
}

TEST_F(CheckerTest, DestructionInFlightIsSilentAndLeaksNothing) {
    const boost::asio::steady_timer first_use(io);  // the loop's own descriptors exist from here on
    const std::size_t before = open_descriptors();
    bool called = false;
    const auto note = [&](const CheckResult&) {
        called = true;
        return Pace::steady;
    };
    std::vector<std::unique_ptr<Checker>> checkers;
    for (int i = 0; i < 20; ++i) {
        checkers.push_back(make_checker(io, TcpOptions{.address = silent, .port = 5672}, note));
        checkers.push_back(
            make_checker(io, PingOptions{.address = silent, .timeout_ns = 5'000 * ms}, note));
    }
    io.restart();
    while (open_descriptors() < before + 40 && io.run_one_for(5s) != 0) {
    }
    EXPECT_EQ(open_descriptors(), before + 40) << "one socket per checker, all in flight";
    checkers.clear();
    EXPECT_EQ(open_descriptors(), before);
    io.run_for(20ms);  // the cancelled operations' handlers
    EXPECT_FALSE(called);
}

// Under way or not: it has a tenth of a second in all, and the next one has its time again.
TEST_F(CheckerTest, ADoubtedServerIsAskedAtOnceAndInHaste) {
    const Schedule rare{.delay_loop_ns = 60'000 * ms, .delay_before_retry_ns = 60'000 * ms};
    const auto doubted = [&](const auto& options, std::chrono::milliseconds after) {
        std::optional<CheckResult> result;
        const auto checker = make_checker(io, options, [&](const CheckResult& found) {
            result = found;
            io.stop();
            return Pace::steady;
        });
        io.restart();
        io.run_for(after);
        checker->recheck();
        io.run_for(2s);
        return result.value_or(CheckResult{.reason = Reason::other, .text = "it is not asked"});
    };
    for (const std::int64_t warmup_ns : {std::int64_t{0}, 60'000 * ms}) {
        Schedule schedule = rare;
        schedule.warmup_ns = warmup_ns;
        const CheckResult tcp =
            doubted(TcpOptions{.address = silent, .port = 5672, .schedule = schedule}, 20ms);
        EXPECT_EQ(tcp.reason, Reason::timeout) << tcp.text;
        EXPECT_GE(tcp.latency_ns, recheck_timeout_ns);
        const CheckResult ping = doubted(
            PingOptions{.address = silent, .timeout_ns = 5'000 * ms, .schedule = schedule}, 20ms);
        EXPECT_EQ(ping.reason, Reason::timeout) << ping.text;
        EXPECT_GE(ping.latency_ns, recheck_timeout_ns);
        const CheckResult page = doubted(
            HttpOptions{.target = {silent, 80}, .urls = {HttpUrl{}}, .schedule = schedule}, 20ms);
        EXPECT_EQ(page.reason, Reason::timeout) << page.text;
        EXPECT_LT(page.latency_ns, 5 * recheck_timeout_ns);
    }
    Server server(io);
    Schedule later = rare;
    later.warmup_ns = 60'000 * ms;
    const TcpOptions well{.address = loopback, .port = server.port(), .schedule = later};
    EXPECT_TRUE(doubted(well, 1ms).ok()) << "what answers is well";
}

// Thousands that begin together do not go on in step.
TEST_F(CheckerTest, TheFirstPauseIsShorterByItsStagger) {
    for (const std::int64_t stagger_ns : {0 * ms, 59'980 * ms}) {
        Server server(io);
        unsigned results = 0;
        const Schedule schedule{.delay_loop_ns = 60'000 * ms, .stagger_ns = stagger_ns};
        const auto checker = make_checker(
            io, TcpOptions{.address = loopback, .port = server.port(), .schedule = schedule},
            [&](const CheckResult&) { return ++results, Pace::steady; });
        io.restart();
        io.run_for(500ms);
        EXPECT_EQ(results, stagger_ns == 0 ? 1U : 2U) << "the second pause is a whole one";
    }
}

// Each reset and refusal of a crowd is one more doubt.
TEST_F(CheckerTest, MoreDoubtsDoNotPutTheVerdictOff) {
    const FullListener listener(io);
    std::vector<CheckResult> results;
    const auto checker = make_checker(
        io,
        TcpOptions{.address = loopback,
                   .port = listener.port(),
                   .connect_timeout_ns = 400 * ms,
                   .schedule = {.delay_loop_ns = 60'000 * ms, .warmup_ns = 60'000 * ms}},
        [&](const CheckResult& found) {
            results.push_back(found);
            return Pace::steady;
        });
    io.restart();
    for (int i = 0; i < 40 && results.empty(); ++i) {
        checker->recheck();
        io.run_for(20ms);
    }
    EXPECT_EQ(results.size(), 1U) << "a tenth of a second after the first of them";
}

// A listener's full queue drops SYNs, as a dead host would; but that one answers no echo.
TEST_F(CheckerTest, ADoubtedServerWhoseHostLivesHasAllItsTime) {
    const FullListener listener(io);
    const Schedule rare{.delay_loop_ns = 60'000 * ms, .warmup_ns = 60'000 * ms};
    const auto lives = [&](const auto& options) {
        std::vector<CheckResult> results;
        const auto checker = make_checker(io, options, [&](const CheckResult& found) {
            results.push_back(found);
            return Pace::steady;
        });
        io.restart();
        for (int doubts = 0; doubts < 2; ++doubts) {
            checker->recheck();
            checker->on_host_alive();
            io.run_for(150ms);
        }
        EXPECT_TRUE(results.empty());
        io.run_for(200ms);
        ASSERT_EQ(results.size(), 1U);
        EXPECT_EQ(results.front().reason, Reason::timeout);
        EXPECT_GE(results.front().latency_ns, 400 * ms);
    };
    lives(TcpOptions{.address = loopback,
                     .port = listener.port(),
                     .connect_timeout_ns = 400 * ms,
                     .schedule = rare});
    lives(HttpOptions{.target = {loopback, listener.port()},
                      .urls = {HttpUrl{}},
                      .connect_timeout_ns = 400 * ms,
                      .schedule = rare});
}

TEST_F(CheckerTest, TheCallbackMayDestroyItsChecker) {
    int called = 0;
    std::unique_ptr<Checker> checker;
    checker =
        make_checker(io, TcpOptions{.address = loopback, .port = closed_port(), .schedule = fast},
                     [&](const CheckResult&) {
                         ++called;
                         checker.reset();
                         return Pace::change_pending;
                     });
    run();  // ends by itself: no work is left
    EXPECT_EQ(called, 1);
}

TEST_F(CheckerTest, ThousandCheckersKeepTheirRhythm) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 4096);
    setrlimit(RLIMIT_NOFILE, &limit);
    Server server(io);
    const std::size_t before = open_descriptors();
    std::vector<int> rounds(1000, 0);
    std::size_t done = 0;
    std::vector<std::unique_ptr<Checker>> checkers;
    for (int& round : rounds)
        checkers.push_back(make_checker(
            io,
            TcpOptions{
                .address = loopback,
                .port = server.port(),
                .schedule = {.delay_loop_ns = 50 * ms,
                             .warmup_ns = static_cast<std::int64_t>(checkers.size()) * ms / 20}},
            [&, this](const CheckResult& result) {
                EXPECT_TRUE(result.ok()) << result.text;
                if (++round == 3 && ++done == rounds.size()) io.stop();
                return Pace::steady;
            }));
    run();
    EXPECT_EQ(done, rounds.size());
    checkers.clear();
    EXPECT_LE(open_descriptors(), before + 1000);  // accepted ends may still wait for their FIN
}

TEST_F(CheckerTest, WithoutDescriptorsNobodyIsBlamed) {
    Server server(io);
    rlimit old{};
    getrlimit(RLIMIT_NOFILE, &old);
    rlimit none = old;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    const auto tcp_results =
        collect(TcpOptions{.address = loopback, .port = server.port(), .schedule = fast}, 3);
    const auto ping_results = collect(PingOptions{.address = loopback, .schedule = fast}, 3);
    setrlimit(RLIMIT_NOFILE, &old);
    ASSERT_EQ(tcp_results.size(), 3U);
    ASSERT_EQ(ping_results.size(), 3U);
    EXPECT_EQ(tcp_results[2].reason, Reason::local);
    EXPECT_EQ(ping_results[2].reason, Reason::local);
}

}  // namespace
}  // namespace warren::health
