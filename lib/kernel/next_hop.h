// SPDX-License-Identifier: BSD-3-Clause
// Where packets for a server go, as the kernel's routes and neighbours say.
#pragma once

#include <optional>

#include "net/address.h"

namespace warren::kernel {

struct NextHop {
    int ifindex = 0;
    net::IpAddress gateway = {};  // whose MAC it is: the router's, or the server's own on-link
    std::optional<net::IpAddress> source = {};  // the address the kernel would send from
    std::optional<net::MacAddress> mac = {};    // the last one known, kept while resolution fails
    bool failed = false;                        // the kernel cannot resolve it at present
    bool local = false;             // the address is this machine's own: there is no next hop
    bool without_ethernet = false;  // a tun, WireGuard, PPP: the kernel alone can send there
    bool kernel_forwards = false;   // and does, for others (ip_forward)

    friend bool operator==(const NextHop&, const NextHop&) = default;
};

}  // namespace warren::kernel
