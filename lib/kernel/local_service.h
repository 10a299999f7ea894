// SPDX-License-Identifier: BSD-3-Clause
// A virtual_server of a VIP that this host has, as its own kernel is to serve it.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "net/address.h"

namespace warren::kernel {

struct LocalService {
    struct Target {
        net::IpAddress address;
        std::uint16_t port = 0;
        std::uint32_t weight = 0;

        friend bool operator==(const Target&, const Target&) = default;
    };
    struct Own {                      // a server that is this host
        net::MacAddress link_source;  // of the frames that a worker sends to it on lo
        net::IpAddress address;
        std::uint16_t port = 0;

        friend bool operator==(const Own&, const Own&) = default;
    };
    net::IpAddress vip;
    std::uint16_t port = 0;
    std::vector<Target> targets;  // of the VIP's family, weights above 0; none: refused by the host
    std::vector<Own> own{};

    friend bool operator==(const LocalService&, const LocalService&) = default;
};

// FNAT speaks to these servers from addresses that the kernel speaks from too, and only what comes
// back to a port of this range is the kernel's.
struct SharedSources {
    std::vector<net::IpAddress> addresses;
    std::vector<std::pair<net::IpAddress, std::uint16_t>> servers{};
    std::uint16_t first_port = 1, last_port = 0;

    bool any() const { return !addresses.empty() && last_port >= first_port; }
    friend bool operator==(const SharedSources&, const SharedSources&) = default;
};

}  // namespace warren::kernel
