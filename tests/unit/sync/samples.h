// SPDX-License-Identifier: BSD-3-Clause
// Flows for tests, by number.
#pragma once

#include <cstdint>

#include "sync/record.h"

namespace warren::sync::samples {

inline net::IpAddress v4(std::uint32_t n) {
    return net::IpAddress::v4(net::Be32(n));
}
inline net::IpAddress v6(std::uint8_t last) {
    return net::IpAddress::v6({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last});
}

inline const net::IpAddress vip = v4(0xc0a80864);

// An FNAT flow of its own client, local port and seq_delta.
inline FlowRecord flow(std::uint32_t n) {
    FlowRecord r;
    r.client_address = v4(0x0a000000 + n);
    r.vip = vip;
    r.server_address = v4(0xc0a8080b);
    r.local_address = v4(0xc0a80802);
    r.client_port = net::Be16(40'000);
    r.service_port = net::Be16(5672);
    r.server_port = net::Be16(5673);
    r.local_port = net::Be16(static_cast<std::uint16_t>(1'024 + n));
    r.state = flow::TcpState::established;
    r.idle_s = 7;
    r.client_mac = {{2, 0, 0, 0, 0, 9}};
    r.seq_delta = 0x01020304 + n;
    r.next_to_client = 0x11111111;
    r.next_to_server = 0x22222222;
    r.ack_from_client = 0x33333333;
    r.ack_from_server = 0x44444444;
    return r;
}

// An IPv6 client's flow to an IPv4 server.
inline FlowRecord mixed_flow() {
    FlowRecord r = flow(1);
    r.client_address = v6(1);
    r.vip = v6(2);
    return r;
}

}  // namespace warren::sync::samples
