// SPDX-License-Identifier: BSD-3-Clause
// Flows for tests: many different ones by number.
#pragma once

#include <cstdint>

#include "flow/flow.h"

namespace warren::flow::samples {

inline net::IpAddress address(std::uint32_t n) {
    return net::IpAddress::v4(net::Be32(n));
}

// Clients spread over addresses and ports, `servers` servers behind the VIP as local address.
inline Flow flow(std::uint32_t n, std::uint16_t servers = 3) {
    Flow f;
    f.set_client_address(address(0x0a000000 + n / 7));
    f.client_port = net::Be16(static_cast<std::uint16_t>(20000 + n % 7));
    f.set_vip(address(0xc0a80864));
    f.service_port = net::Be16(5672);
    f.server_id = static_cast<std::uint16_t>(n % servers);
    f.set_server_address(address(0xc0a8080b + f.server_id));
    f.server_port = net::Be16(5672);
    f.set_local_address(address(0xac100000 + n / servers / 60000));
    f.local_port = net::Be16(static_cast<std::uint16_t>(1024 + n / servers % 60000));
    f.state = TcpState::syn_sent;
    return f;
}

}  // namespace warren::flow::samples
