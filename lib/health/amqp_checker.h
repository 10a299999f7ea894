// SPDX-License-Identifier: BSD-3-Clause
// AMQP_CHECK: the state of the broker behind a real_server, over AMQP 0-9-1 (lib/amqp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "health/checker.h"
#include "health/target.h"
#include "health/tls_settings.h"

namespace warren::health {

enum class AmqpLevel : std::uint8_t { greeting, session, publish };

struct AmqpOptions {
    Target target = {};
    std::int64_t connect_timeout_ns = 1'000'000'000;  // also from then on until the session is open
    Schedule schedule = {};

    AmqpLevel level = AmqpLevel::session;
    std::string username = {};
    std::string password = {};
    std::string password_file = {};  // its first line; read at each login
    std::string vhost = "/";
    std::uint16_t heartbeat_s = 1;
    std::int64_t publish_interval_ns = 5'000'000'000;
    std::string cluster_name = {};  // empty: any
    std::optional<TlsSettings> tls = {};
    bool proxy_header = false;
};

// A result comes with every change and, while the session stands, with its heartbeats. When it
// breaks the next attempt follows at once, and a port that refuses then is conclusive. A close 320
// is told when that attempt fails or after 80 ms: a node that takes us back has not left.
std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const AmqpOptions& options,
                                      Callback callback);

}  // namespace warren::health
