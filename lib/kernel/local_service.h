// SPDX-License-Identifier: BSD-3-Clause
// A virtual_server of a VIP that this host has, as its own kernel is to serve it.
#pragma once

#include <cstdint>
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

}  // namespace warren::kernel
