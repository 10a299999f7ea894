// SPDX-License-Identifier: BSD-3-Clause
// Destination and source of probes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/address.h"
#include "net/proxy_header.h"

namespace warren::health {

// All optional.
struct Source {
    std::optional<net::IpAddress> address = {};  // bindto
    std::uint16_t port = 0;                      // bind_port, TCP and UDP only
    std::string interface = {};                  // bind_if; also the scope of a link-local target
    std::uint32_t fwmark = 0;
};

struct Target {
    net::IpAddress address = {};
    std::uint16_t port = 0;
    Source source = {};
    net::ProxyVersion proxy = net::ProxyVersion::none;  // what a connection begins with
};

}  // namespace warren::health
