// SPDX-License-Identifier: BSD-3-Clause
// RABBITMQ_CHECK: how is the node behind a real_server, by its management API (lib/rabbitmq). And
// what else that API is asked for.
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

// Not in service is draining, an alarm is blocked. Every result has what is known of the node.
std::unique_ptr<Checker> make_checker(boost::asio::io_context& io, const RabbitmqOptions& options,
                                      Callback callback);

// Closes some of the node's connections, once: the callback hears how many in `text`, or why not,
// and is then to destroy it. schedule.warmup_ns and the rest of the schedule say nothing here.
std::unique_ptr<Checker> close_connections(boost::asio::io_context& io,
                                           const RabbitmqOptions& options,
                                           rabbitmq::ClosableConnections closable,
                                           Callback callback);

}  // namespace warren::health
