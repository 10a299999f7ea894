// SPDX-License-Identifier: BSD-3-Clause
// What both checkers do to a fresh kernel socket: build a sockaddr and leave from the configured
// source.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "health/checker.h"
#include "net/address.h"

namespace warren::health {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// `interface` scopes an IPv6 link-local address; it may be empty.
SocketAddress socket_address(const net::IpAddress& address, std::uint16_t port,
                             const std::string& interface);

// bindto, bind_port, bind_if, fwmark. Gives an errno, 0 = done.
int apply_source(int fd, const Source& source);

}  // namespace warren::health
