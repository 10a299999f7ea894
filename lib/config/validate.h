// SPDX-License-Identifier: BSD-3-Clause
// What only the whole picture shows: duplicates, references, limits, and addresses that nobody
// serves.
#pragma once

#include "config/config.h"

namespace warren::config {

// Also settles what keepalived settles: surplus addresses move to virtual_ipaddress_excluded, an
// owner (priority 255) is always MASTER.
syntax::Diagnostics validate(Config& config);

// For a valid Config: servers that nobody checks, definitions that nothing tracks, and VIPs that no
// virtual_server serves, with the block to add.
syntax::Diagnostics find_gaps(const Config& config);

// The virtual_server block that an address without one wants, for a RabbitMQ cluster.
std::string suggest_virtual_server(const net::IpAddress& address);

}  // namespace warren::config
