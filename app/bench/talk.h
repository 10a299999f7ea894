// SPDX-License-Identifier: BSD-3-Clause
// What stations of a measurement say over a wire: clients that keep a connection each, and servers
// that need to know nothing, for each segment says what its answer is. Frames in, frames out.
#pragma once

#include <cstdint>
#include <vector>

#include "net/address.h"
#include "net/bytes.h"
#include "net/parse.h"

namespace warren::bench {

struct Stations {
    net::MacAddress mac;      // of all of them
    net::MacAddress vip_mac;  // learned by ARP
    net::IpAddress vip;
    std::size_t payload_bytes = 6;
};

// Of one client's connection.
struct Talk {
    enum class State : std::uint8_t { closed, opening, idle, asked };
    State state = State::closed;
    std::uint32_t sequence = 0;         // of what it sends next
    std::uint32_t acknowledgement = 0;  // of what it has got
    std::uint64_t since = 0;            // TSC, of the last thing it sent that wants an answer
};

std::size_t ask_for_vip(net::Bytes out, const Stations& stations);
std::size_t syn_of(net::Bytes out, const Stations& stations, std::uint32_t flow);
std::size_t request_of(net::Bytes out, const Stations& stations, std::uint32_t flow,
                       const Talk& talk);
std::size_t ack_of(net::Bytes out, const Stations& stations, std::uint32_t flow, const Talk& talk);
// A server's answer to a segment of its clients'; 0: none.
std::size_t answer_of(net::Bytes out, const Stations& stations, const net::Parsed& segment);

// Which client's connection has that end; `flows` or more: none.
std::uint32_t flow_of(const net::IpAddress& address, net::Be16 port);

// What the VIP's segment means to the client.
enum class Heard { nothing, opened, answered, reset };
Heard hear(Talk& talk, const net::Parsed& segment);

}  // namespace warren::bench
