// SPDX-License-Identifier: BSD-3-Clause
// The PROXY protocol's header, version 2 (haproxy's doc/proxy-protocol.txt, 2.2): what a proxy says
// about a connection before the connection's own first byte.
#pragma once

#include <cstdint>
#include <vector>

#include "net/address.h"

namespace warren::net {

struct ProxiedEnd {
    IpAddress address;
    std::uint16_t port = 0;
};

// The connection is the proxy's own, a health check for one: its real addresses count.
std::vector<std::uint8_t> proxy_header_local();

// A TCP connection of `source` to `destination`, both of one family.
std::vector<std::uint8_t> proxy_header(const ProxiedEnd& source, const ProxiedEnd& destination);

}  // namespace warren::net
