// SPDX-License-Identifier: BSD-3-Clause
// RABBITMQ_CHECK: the state of the node behind a real_server, by its management API (lib/rabbitmq);
// and the closing of connections by that API.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "health/checker.h"
#include "health/target.h"
#include "health/tls_settings.h"
#include "rabbitmq/connection_closer.h"

namespace warren::health {

struct RabbitmqOptions {
    Target target = {};
    std::string path_prefix = {};                     // of the url, without a slash at its end
    std::int64_t connect_timeout_ns = 5'000'000'000;  // of a whole survey
    Schedule schedule = {};

    std::string username = {};
    std::string password = {};
    std::string password_file = {};  // its first line; read at each survey
    std::optional<TlsSettings> tls = {};
    // An API that cannot be asked is a failure; else it is unknown how the node is.
    bool strict = false;
};

// A node out of service is `draining`, one under an alarm `blocked`. Every result has the node's
// facts.
std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const RabbitmqOptions& options,
                                      Callback callback);

// Closes some of the node's connections, once: the callback gets how many in `text`, or why not,
// and must then destroy it. The schedule is ignored.
std::unique_ptr<Checker> close_connections(boost::asio::io_context& io,
                                           const RabbitmqOptions& options,
                                           rabbitmq::ClosableConnections closable,
                                           Callback callback);

}  // namespace warren::health
