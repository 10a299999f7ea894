// SPDX-License-Identifier: BSD-3-Clause
// What checking many real_servers costs: the share of one core that the checkers' process takes,
// the kernel's part of it included. The servers are addresses of loopback that one other process
// listens on, so our share has the servers' half of every handshake in it too.
//
//   check_load [SERVERS [INTERVAL_MS [SECONDS [tcp|http|ping]]]]      default: 1000 200 10 tcp
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../unit/health/own_namespace.h"
#include "health/layer5.h"
#include "health/socket.h"

namespace {

using namespace warren;

constexpr std::uint16_t port = 5672;
constexpr const char* reply = "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct Options {
    unsigned servers = 1000;
    std::int64_t interval_ms = 200;
    int seconds = 10;
    std::string kind = "tcp";
};

int listen_on_all() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const health::SocketAddress address =
        health::socket_address(net::IpAddress::v4(0, 0, 0, 0), port, "");
    if (bind(listener, address.get(), address.length) != 0 || listen(listener, 4096) != 0)
        std::perror("listen");
    return listener;
}

// The other process: takes connections one after the other until its parent ends.
[[noreturn]] void serve(int listener, bool http) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char buffer[1024];
    for (;;) {
        const int client = accept(listener, nullptr, nullptr);
        if (client < 0) continue;
        if (http && recv(client, buffer, sizeof buffer, 0) > 0)
            static_cast<void>(send(client, reply, std::string_view(reply).size(), MSG_NOSIGNAL));
        close(client);
    }
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::unique_ptr<health::Checker> make(boost::asio::io_context& io, const Options& options,
                                      unsigned number, health::Callback callback) {
    const net::IpAddress address = net::IpAddress::v4(
        127, 1, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number & 255));
    const std::int64_t interval_ns = options.interval_ms * 1'000'000;
    const health::Schedule schedule{.delay_loop_ns = interval_ns,
                                    .delay_before_retry_ns = interval_ns,
                                    .warmup_ns = number * interval_ns / options.servers};
    if (options.kind == "ping")
        return make_checker(io, health::PingOptions{.address = address, .schedule = schedule},
                            std::move(callback));
    if (options.kind == "tcp")
        return make_checker(
            io, health::TcpOptions{.address = address, .port = port, .schedule = schedule},
            std::move(callback));
    health::HttpOptions http;
    http.target.address = address;
    http.target.port = port;
    http.urls.resize(1);
    http.schedule = schedule;
    return make_checker(io, http, std::move(callback));
}

int measure(const Options& options) {
    boost::asio::io_context io(1);
    std::uint64_t good = 0, bad = 0;
    std::vector<std::unique_ptr<health::Checker>> checkers;
    for (unsigned i = 0; i < options.servers; ++i)
        checkers.push_back(make(io, options, i, [&](const health::CheckResult& result) {
            ++(result.ok() ? good : bad);
            return health::Pace::steady;
        }));
    io.run_for(std::chrono::milliseconds(options.interval_ms * 2));
    good = bad = 0;
    const double before = cpu_seconds();
    io.run_for(std::chrono::seconds(options.seconds));
    const double used = cpu_seconds() - before;
    std::printf(
        "%u servers by %s every %lld ms: %.0f checks/s, %llu failed, %.1f %% of a core, %.1f us a "
        "check\n",
        options.servers, options.kind.c_str(), static_cast<long long>(options.interval_ms),
        static_cast<double>(good) / options.seconds, static_cast<unsigned long long>(bad),
        used / options.seconds * 100, used * 1e6 / static_cast<double>(good + bad));
    return bad == 0 ? 0 : 1;
}

Options read(int count, char** words) {
    Options options;
    if (count > 1) options.servers = static_cast<unsigned>(std::atoi(words[1]));
    if (count > 2) options.interval_ms = std::atoi(words[2]);
    if (count > 3) options.seconds = std::atoi(words[3]);
    if (count > 4) options.kind = words[4];
    return options;
}

}  // namespace

int main(int count, char** words) {
    const Options options = read(count, words);
    if (!testing_support::enter_own_namespace()) {
        std::puts("skipped: no network namespaces here");
        return 77;
    }
    rlimit files{65'536, 65'536};
    setrlimit(RLIMIT_NOFILE, &files);
    const int listener = listen_on_all();
    const pid_t server = fork();
    if (server == 0) serve(listener, options.kind == "http");
    const int result = measure(options);
    kill(server, SIGKILL);
    waitpid(server, nullptr, 0);
    return result;
}
