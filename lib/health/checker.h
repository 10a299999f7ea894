// SPDX-License-Identifier: BSD-3-Clause
// What a checker is: it probes one real_server over and over through kernel sockets and reports
// every attempt until it is destroyed. It judges nothing: who takes the report counts failures
// (balance/server_health.h) and answers how soon to ask again. Times are int64 nanoseconds.
// Construction starts it (the first attempt comes after warmup_ns), destruction stops it: after
// that the callback is never called, although sockets may have been in flight. Everything runs on
// the thread that runs the io_context. Only the callback sees errors; nothing throws later than the
// constructor. The callback may destroy its checker.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "health/result.h"
#include "health/target.h"
#include "net/address.h"

namespace warren::health {

// When attempts start (keepalived's meaning): delay_before_retry after one that leaves a change
// pending (a failure of a server that still counts as up, say), else delay_loop. Delays count from
// the end of an attempt.
struct Schedule {
    std::int64_t delay_loop_ns = 200'000'000;
    std::int64_t delay_before_retry_ns = 100'000'000;
    std::int64_t warmup_ns = 0;  // the first attempt's offset; the caller picks it at random
};

// TCP_CHECK: the handshake, then a plain close: FIN, no byte sent, which RabbitMQ logs at debug
// only.
struct TcpOptions {
    net::IpAddress address = {};
    std::uint16_t port = 0;
    Source source = {};
    std::int64_t connect_timeout_ns = 5'000'000'000;
    Schedule schedule = {};
};

// PING_CHECK: one ICMP or ICMPv6 echo per attempt.
struct PingOptions {
    net::IpAddress address = {};
    Source source = {};
    std::int64_t timeout_ns = 1'000'000'000;
    Schedule schedule = {};
};

// The time to answer of a server that is doubted, or four times its usual latency.
constexpr std::int64_t hasty_ns = 100'000'000;

class Checker {
  public:
    Checker() = default;
    Checker(const Checker&) = delete;
    Checker& operator=(const Checker&) = delete;
    virtual ~Checker() = default;
    // Something else says that it is silent or refuses: ask at once, or give the attempt under way
    // `hasty_ns` in all, more only if it is usually slow. Checks that mean more than reaching the
    // machine go their own pace.
    virtual void doubt() {}
    // Another one is doubted: ask at once, in no haste. Whoever answers shows that the way is open.
    virtual void ask() {}
    // The way to it is open again, and may have been all that failed: ask at once.
    virtual void retry() {}
};

// Takes a report and answers whether a change is pending, which another attempt soon may settle.
enum class Pace : bool { steady, change_pending };
using Callback = std::function<Pace(const CheckResult&)>;

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const TcpOptions& options,
                                      Callback callback);
std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const PingOptions& options,
                                      Callback callback);

}  // namespace warren::health
