// SPDX-License-Identifier: BSD-3-Clause
// What a checking client says, as whole frames ready for the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "amqp/method.h"

namespace warren::amqp {

using Frames = std::vector<std::uint8_t>;

// The channel that the client publishes on.
inline constexpr std::uint16_t probe_channel = 1;

struct Login {
    std::string username;
    std::string password;
    std::string connection_name;  // what a broker's operator sees in the list of connections
};

// connection.start-ok with SASL PLAIN; asks for close 403 instead of silence when the login is
// refused, and for connection.blocked.
Frames start_ok(const Login& login);
Frames tune_ok(const Tune& tune);
Frames open(std::string_view vhost);
Frames open_channel();
Frames select_confirms();
// An empty message to the default exchange.
Frames publish(std::string_view routing_key);
Frames heartbeat();
Frames close_connection(std::uint16_t code, std::string_view text);
Frames confirm_close();
Frames confirm_channel_close();

}  // namespace warren::amqp
