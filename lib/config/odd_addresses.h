// SPDX-License-Identifier: BSD-3-Clause
// Addresses that cannot mean what they say where they stand: keepalived takes them without a word,
// we take them and say so.
#pragma once

#include <span>

#include "config/config.h"
#include "syntax/diagnostic.h"

namespace warren::config {

syntax::Diagnostics find_odd_addresses(const Config& config);

// Where metrics and the status page should not be served: addresses that move, or that everybody
// can reach.
syntax::Diagnostics find_odd_http(const Config& config);

// What only a look at this host can tell: servers and peers that are the host itself, and a
// unicast_src_ip that is not. `host` are its addresses now.
syntax::Diagnostics find_own_addresses(const Config& config, std::span<const net::IpAddress> host);

}  // namespace warren::config
