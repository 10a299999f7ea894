// SPDX-License-Identifier: BSD-3-Clause
// What goes into a Client (Event) and what comes out (Actions).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "amqp/request.h"
#include "net/bytes.h"

namespace warren::amqp {

enum class Level : std::uint8_t {
    greeting,  // connection.start, then gone: no login, but the broker logs a warning each time
    session,   // one connection that stays: heartbeats, farewells, alarms
    publish,   // and the time from a publish to its confirm
};

struct Settings {
    Level level = Level::session;
    Login login;
    std::string vhost = "/";
    std::string cluster_name;                          // empty: any
    std::uint16_t heartbeat_s = 1;                     // not 0
    std::int64_t handshake_ns = 1'000'000'000;         // from the connect until the session is open
    std::int64_t publish_interval_ns = 5'000'000'000;  // alarms are seen no sooner
};

// ---- events

struct Connected {};  // TCP and TLS are established
struct Received {
    net::ConstBytes bytes;  // any piece of the stream
};
// Everything that had arrived until now has been given to the client.
struct Tick {
    bool is_acknowledged = false;  // all we have sent, by the node's kernel
};
// Say good-bye: Disconnect follows, at once or when the broker has answered.
struct Leave {};

// Say something now, so that the kernel can tell whether the machine still acknowledges.
struct Nudge {};

using Event = std::variant<Connected, Received, Tick, Leave, Nudge>;

// ---- actions

struct Send {
    Frames frames;
};

struct Finding {
    enum class Kind : std::uint8_t {
        serving,
        blocked,   // an alarm: publishers wait
        draining,  // close 320; Disconnect follows
        silent,    // no frame for too long; Disconnect follows some in a row (pulse.h)
        denied,    // login or vhost refused; Disconnect follows
        foreign,   // no RabbitMQ, or another cluster's; Disconnect follows
        broken,    // another close, or what is no AMQP; Disconnect follows
    };
    Kind kind = Kind::serving;
    std::string text = {};
    std::optional<std::int64_t> confirm_ns = {};  // so long a confirm took, or takes already
};

struct Disconnect {};  // close the socket, after what was to be sent; nothing follows

using Action = std::variant<Send, Finding, Disconnect>;
using Actions = std::vector<Action>;

}  // namespace warren::amqp
