// SPDX-License-Identifier: BSD-3-Clause
// The records that travel between a worker and the manager.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "exchange/flow_filter.h"
#include "flow/carried.h"
#include "flow/flow.h"
#include "flow/tcp.h"
#include "net/address.h"
#include "net/bytes.h"

namespace warren::exchange {

enum class FlowEventKind : std::uint8_t {
    established,  // the server answered the SYN; latency_us is SYN to SYN-ACK, 0: not seen
    refused,      // the server answered the SYN with RST
    unanswered,   // the server did not answer the SYN; latency_us is how long it had
    ended,
    turned_away,  // the SYN got RST from us; `server` is of no server
    stray,        // a segment of no flow got RST from us; `server` is of no server
    moved,        // the flow's VIP has become another warren's; the flow stays in the table
};

// Why a flow ended, or did not begin.
enum class EndCause : std::uint8_t {
    client_fin,
    server_fin,
    client_reset,
    server_reset,
    server_down,
    idle,
    disabled,    // the server is, by an order, or its drain took too long
    removed,     // the server is, by a reload
    reset,       // an order to a server's or client's flows
    no_server,   // none takes new flows
    no_port,     // no local port is left
    table_full,  // no flow is
    rebalance,   // moved to a server that has fewer
    count_,
};

inline constexpr std::array<std::string_view, static_cast<std::size_t>(EndCause::count_)>
    end_cause_names{"client_fin", "server_fin", "client_reset", "server_reset", "server_down",
                    "idle",       "disabled",   "removed",      "reset",        "no_server",
                    "no_port",    "table_full", "rebalance"};
static_assert(!end_cause_names.back().empty(), "a cause without a name");

constexpr std::string_view name_of(EndCause cause) {
    const auto index = static_cast<std::size_t>(cause);
    return index < end_cause_names.size() ? end_cause_names[index] : "unknown";
}

struct FlowEvent {
    static constexpr std::uint16_t no_server = 0xffff;

    // Of a client that has no flow.
    static FlowEvent of_client(const net::IpAddress& client, net::Be16 port,
                               std::uint16_t service) {
        FlowEvent event;
        event.client = client;
        event.client_port = port;
        event.server = no_server;
        event.service = service;
        return event;
    }

    net::IpAddress client{};
    net::Be16 client_port{};
    std::uint16_t server = 0;   // snapshot index
    std::uint16_t service = 0;  // snapshot index
    FlowEventKind kind = FlowEventKind::established;
    bool replayed = false;  // refused, unanswered: another server has got the SYN instead
    EndCause cause = EndCause::client_fin;
    std::uint32_t latency_us = 0;
    std::uint32_t idle_ms = 0;  // ended: since its last segment
    flow::Carried bytes{};      // ended
};

// A server refuses or resets: perhaps it has died, and its other clients should hear at once.
constexpr bool is_urgent(const FlowEvent& event) {
    return event.kind == FlowEventKind::refused ||
           (event.kind == FlowEventKind::ended && event.cause == EndCause::server_reset);
}

// Asks a worker to give up live flows of a server: all, or `most`, idle and oldest first. Their
// clients get RST.
inline constexpr std::size_t shed_most = 64;
struct ShedOrder {
    std::uint16_t server = 0;
    bool all = false;
    std::uint8_t most = 0;  // up to shed_most
};

// Asks a worker to ask each live flow of a server whether that still knows it.
struct RollCallOrder {
    std::uint16_t server = 0;
    std::uint16_t spare = 0;
};

// Asks a worker whose flows a virtual router has taken along that another has now: up to `most` are
// told as moved.
struct LeaveOrder {
    std::uint16_t router = 0;
    std::uint16_t most = 0;
};

// What is asked of a worker's flows from table index `from` on.
enum class FlowAsk : std::uint8_t {
    list,    // up to `most` of the filter's, a row each
    count,   // how many they are: `count` of the last row
    reset,   // RST to both ends of each live one; how many
    lookup,  // of one client's segment: its flow, and what a SYN would meet
};

struct FlowCommand {
    std::uint32_t request = 0;  // repeated in each row of the answer
    std::uint32_t from = 0;
    std::uint32_t most = 0;
    FlowAsk ask = FlowAsk::list;
    FlowFilter filter{};
    flow::Tuple wanted{};  // of a lookup: a segment of the client's as it arrives
};

struct FlowRow {
    std::uint32_t request = 0;
    std::uint32_t next = 0;   // where the next page starts; valid in the last row
    std::uint32_t count = 0;  // of a count or reset; valid in the last row
    bool last = false;        // ends the answer and carries no flow itself
    flow::TcpState state{};
    std::uint16_t server = 0;
    std::uint16_t service = 0;
    net::Be16 client_port, service_port, local_port, server_port;
    net::IpAddress client, vip, local, server_address;
    std::uint32_t idle_ms = 0;
    flow::Carried bytes{};
    // In the last row of a lookup: which worker owns the tuple, and if it is the one that answers,
    // what a SYN would get now (0xffff: no server), whether by persistence, and whether there is no
    // place for it.
    std::uint16_t owner = 0;
    std::uint16_t choice = 0xffff;
    bool is_kept = false;
    bool is_full = false;  // no place for a flow
};

// A station of one of our links says which MAC it has (ARP, neighbour discovery).
struct StationSeen {
    net::IpAddress address{};
    net::MacAddress mac{};
    std::uint8_t port = 0;
    std::uint8_t spare = 0;

    friend bool operator==(const StationSeen&, const StationSeen&) = default;
};

// It has another one now: so have the flows whose clients are behind it.
struct NextHopMove {
    net::MacAddress from{};
    net::MacAddress to{};
    std::uint8_t port = 0;
    std::array<std::uint8_t, 3> spare{};
};

}  // namespace warren::exchange
