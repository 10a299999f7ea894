// SPDX-License-Identifier: BSD-3-Clause
// Which flows of its table a worker is asked about.
#pragma once

#include <cstdint>

#include "flow/flow.h"
#include "net/address.h"
#include "net/bytes.h"

namespace warren::exchange {

// An end of a connection. Unspecified, port 0: any.
struct End {
    net::IpAddress address{};
    net::Be16 port{};

    bool is_at(const net::IpAddress& other, net::Be16 other_port) const {
        return (address.is_unspecified() || address == other) &&
               (port == net::Be16{} || port == other_port);
    }
};

// All that is said must hold.
struct FlowFilter {
    End client{}, service{}, local{}, server{};
    flow::TcpState state = flow::TcpState::none;  // none: any
    std::uint32_t idle_ms = 0;                    // nothing seen of it for so long

    bool matches(const flow::Flow& flow, flow::Tick now) const {
        return (state == flow::TcpState::none || state == flow.state) &&
               flow::ms_of_ticks(now - flow.last_seen) >= idle_ms &&
               client.is_at(flow.client_address(), flow.client_port) &&
               service.is_at(flow.vip(), flow.service_port) &&
               server.is_at(flow.server_address(), flow.server_port) &&
               local.is_at(flow.local_address(), flow.local_port);
    }
};

}  // namespace warren::exchange
