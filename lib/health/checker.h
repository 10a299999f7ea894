// SPDX-License-Identifier: BSD-3-Clause
// A checker probes one real_server periodically through kernel sockets and reports every attempt
// until it is destroyed. It decides nothing: the callback's owner counts failures
// (balance/server_health.h) and returns how soon to try again. Times are int64 nanoseconds.
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
    // Taken off the first delay_loop, at random too: thousands that begin together do not go on in
    // step, which would keep everybody else waiting for all of them.
    std::int64_t stagger_ns = 0;
};

// TCP_CHECK: the handshake, then a plain close: FIN, no byte sent, which RabbitMQ logs at debug
// only, with its proxy_protocol, too. No PROXY header: HAProxy would open a session for it.
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

// Timeout of an attempt that recheck() asked for, unless four times the usual latency is more.
constexpr std::int64_t recheck_timeout_ns = 100'000'000;

class Checker {
  public:
    Checker() = default;
    Checker(const Checker&) = delete;
    Checker& operator=(const Checker&) = delete;
    virtual ~Checker() = default;
    // Traffic shows that the server is silent or refuses: try at once, or bound the attempt under
    // way to `recheck_timeout_ns` since its begin, more only if the server is usually slow. Where
    // a check asks for more than an answer, that is the time for its host to acknowledge the
    // question.
    virtual void recheck() {}
    // The host of a server in doubt answers an echo: what recheck() hastened has all its time.
    virtual void on_host_alive() {}
    // Another server is doubted: try at once with the usual timeout. An answer shows that the
    // network is not the cause.
    virtual void ask() {}
    // The route to it is back, whose loss may have been the cause of failures: try at once.
    virtual void retry() {}
};

// Called with each result; returns whether a change of the server's state is pending: then the next
// attempt comes after delay_before_retry, else after delay_loop.
enum class Pace : bool { steady, change_pending };
using Callback = std::function<Pace(const CheckResult&)>;

std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const TcpOptions& options,
                                      Callback callback);
std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const PingOptions& options,
                                      Callback callback);

}  // namespace warren::health
