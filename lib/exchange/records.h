// SPDX-License-Identifier: BSD-3-Clause
// The records that travel between a worker and the manager.
#pragma once

#include <cstdint>

#include "flow/tcp.h"
#include "net/address.h"
#include "net/bytes.h"

namespace warren::exchange {

enum class FlowEventKind : std::uint8_t {
    established,  // the server answered the SYN; latency_us is SYN to SYN-ACK
    refused,      // the server answered the SYN with RST
    unanswered,   // the server never answered the SYN
    ended,
    turned_away,  // the SYN got RST from us; `server` is of no server
};

// Why a flow ended, or did not begin.
enum class EndCause : std::uint8_t {
    client_fin,
    server_fin,
    client_reset,
    server_reset,
    server_down,
    idle,
    admin,
    no_server,  // none takes new flows
    limit,      // no local port, or the flow table is full
};

struct FlowEvent {
    net::IpAddress client{};
    net::Be16 client_port{};
    std::uint16_t server = 0;   // snapshot index
    std::uint16_t service = 0;  // snapshot index
    FlowEventKind kind = FlowEventKind::established;
    bool replayed = false;  // refused, unanswered: another server has got the SYN instead
    EndCause cause = EndCause::client_fin;
    std::uint32_t latency_us = 0;
};

// Asks a worker for up to `most` flows from table index `from` on.
struct FlowCommand {
    std::uint32_t request = 0;  // repeated in each row of the answer
    std::uint32_t from = 0;
    std::uint32_t most = 0;
};

struct FlowRow {
    std::uint32_t request = 0;
    std::uint32_t next = 0;  // where the next page starts; valid in the last row
    bool last = false;       // ends the answer and carries no flow itself
    flow::TcpState state{};
    std::uint16_t server = 0;
    std::uint16_t service = 0;
    net::Be16 client_port, service_port, local_port, server_port;
    net::IpAddress client, vip, local, server_address;
    std::uint32_t idle_ms = 0;
};

}  // namespace warren::exchange
