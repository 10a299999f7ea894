// SPDX-License-Identifier: BSD-3-Clause
// The methods that a broker sends to a client which only looks whether it is well (AMQP 0-9-1, and
// RabbitMQ's connection.blocked and confirms). Texts are copies of at most a frame's length.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "net/bytes.h"

namespace warren::amqp {

// connection.start
struct Start {
    std::string product;
    std::string version;
    std::string cluster_name;
    std::string platform;
    std::string mechanisms;  // "PLAIN AMQPLAIN"
    // Of the capabilities only what we ask of a broker.
    bool connection_blocked = false;
    bool publisher_confirms = false;

    friend bool operator==(const Start&, const Start&) = default;
};

// connection.tune; 0: no limit, no heartbeats
struct Tune {
    std::uint16_t channel_max = 0;
    std::uint32_t frame_max = 0;
    std::uint16_t heartbeat_s = 0;

    friend bool operator==(const Tune&, const Tune&) = default;
};

// What was asked for is done: connection.open-ok, channel.open-ok, confirm.select-ok,
// connection.close-ok.
struct Ok {
    enum class To : std::uint8_t { open, channel_open, confirm_select, close };
    To to = To::open;
};
struct Unblocked {};  // connection.unblocked

// connection.close and channel.close
struct Close {
    bool is_channel = false;
    std::uint16_t code = 0;
    std::string text;
};
inline constexpr std::uint16_t code_connection_forced = 320;
inline constexpr std::uint16_t code_access_refused = 403;
inline constexpr std::uint16_t code_not_allowed = 530;

// connection.blocked
struct Blocked {
    std::string reason;
};

// basic.ack and basic.nack
struct Confirm {
    std::uint64_t delivery_tag = 0;
    bool multiple = false;
};

struct OtherMethod {};      // well-formed as far as we read it, and nothing to us
struct MalformedMethod {};  // ends before its arguments do

using Method =
    std::variant<Start, Tune, Ok, Unblocked, Close, Blocked, Confirm, OtherMethod, MalformedMethod>;

// The payload of a method frame.
Method decode_method(net::ConstBytes payload);

}  // namespace warren::amqp
