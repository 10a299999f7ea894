// SPDX-License-Identifier: BSD-3-Clause
// keepalived's checks that speak the server's protocol, or run a program. What requests say and how
// answers are judged is lib/probe's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "health/checker.h"
#include "probe/hex_pattern.h"
#include "probe/http_judge.h"
#include "probe/http_request.h"

namespace warren::health {

// HTTP_GET and SSL_GET: one url an attempt, in turn. While the server is down all of them must have
// been good before a success is reported.
struct HttpUrl {
    probe::HttpRequest request = {};
    probe::HttpExpectation wanted = {};
    std::string server_name = {};  // SNI
};
struct HttpOptions {
    Target target = {};
    std::vector<HttpUrl> urls = {};  // not empty
    bool tls = false;
    bool tls_compliant = false;  // an end without close_notify is a failure
    bool starts_down = false;    // alpha
    bool fast_recovery = false;  // no delay_loop between the urls of a server that is down
    std::int64_t connect_timeout_ns = 5'000'000'000;  // of a whole attempt
    Schedule schedule = {};
};

// SMTP_CHECK: all hosts, one after the other.
struct SmtpOptions {
    std::vector<Target> hosts = {};  // not empty
    std::string helo_name = {};
    std::int64_t connect_timeout_ns = 5'000'000'000;  // of each host
    Schedule schedule = {};
};

// DNS_CHECK: one query by UDP.
struct DnsOptions {
    Target target = {};
    std::uint16_t type = 6;
    std::string name = ".";
    std::int64_t connect_timeout_ns = 5'000'000'000;
    Schedule schedule = {};
};

// UDP_CHECK: one datagram. Without `require_reply` silence is a success: only ICMP errors are not.
struct UdpOptions {
    Target target = {};
    std::vector<std::uint8_t> payload = {};  // empty: random bytes
    bool require_reply = false;
    std::optional<probe::HexPattern> reply = {};  // absent: any
    std::size_t min_reply_bytes = 0, max_reply_bytes = 255;
    std::int64_t connect_timeout_ns = 5'000'000'000;
    Schedule schedule = {};
};

// MISC_CHECK: a program, run by the callback `run` (lib/checks).
struct ProgramEnd {
    std::optional<int> exit_status = {};
    std::string text = {};  // "exit status 1", "timed out"
};
struct MiscOptions {
    // Starts the program, whose end calls the argument once, later. Returns why it cannot be
    // started; empty: it was.
    std::function<std::string(std::function<void(const ProgramEnd&)>)> run = {};
    bool dynamic = false;  // an exit status from 2 on is a weight, and 2 more
    unsigned weight = 1;   // of the server, as configured
    Schedule schedule = {};
};

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const HttpOptions& options,
                                      Callback callback);
std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const SmtpOptions& options,
                                      Callback callback);
std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const DnsOptions& options,
                                      Callback callback);
std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const UdpOptions& options,
                                      Callback callback);
std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const MiscOptions& options,
                                      Callback callback);

}  // namespace warren::health
