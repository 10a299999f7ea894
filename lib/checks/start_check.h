// SPDX-License-Identifier: BSD-3-Clause
// From a check of the configuration to one that runs.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <span>

#include "config/config.h"
#include "health/checker.h"
#include "programs/children.h"
#include "vrrp/tracked_state.h"

namespace warren::checks {

// What a check is made with; all of it outlives the check.
struct Means {
    boost::asio::io_context& io;
    programs::Children& programs;
    const config::GlobalDefs& global;
};

// Null for FILE_CHECK and BFD_CHECK, which follow a thing that is watched anyway. A MISC_CHECK
// whose program cannot be run reports that, as Reason::local.
std::unique_ptr<health::Checker> start_check(const Means& means, const config::RealServer& server,
                                             const config::Checker& check,
                                             health::Callback callback);

// Where the first of its checks that says so has its probes come from; else the kernel's choice.
health::Source source_of(const config::RealServer& server);

// Closes `most` connections of the service's clients by the management API that the server's
// RABBITMQ_CHECK asks, once (health/rabbitmq_checker.h); null: it has none. `peers`: local
// addresses.
std::unique_ptr<health::Checker> close_connections(boost::asio::io_context& io,
                                                   const config::RealServer& server,
                                                   std::span<const net::IpAddress> peers,
                                                   unsigned most, health::Callback callback);

// What the state of a FILE_CHECK's file or a BFD_CHECK's session says of its server.
health::CheckResult judge(const config::FileCheck& check, const vrrp::TrackedState& file);
health::CheckResult judge(const vrrp::TrackedState& session);

// What of the checks cannot be as it is written: regular expressions, hexadecimal text, DNS types,
// files that cannot be read.
syntax::Diagnostics find_faults(const config::Config& config);

}  // namespace warren::checks
