// SPDX-License-Identifier: BSD-3-Clause
// What stations of a measurement say over a wire: clients that keep a connection each, and servers
// that need to know nothing, for each segment says what its answer is. Frames in, frames out.
#pragma once

#include <cstdint>
#include <vector>

#include "net/address.h"
#include "net/bytes.h"
#include "net/parse.h"
#include "traffic.h"

namespace warren::bench {

struct Stations {
    net::MacAddress mac;      // of all of them
    net::MacAddress vip_mac;  // learned by ARP or ND
    net::IpAddress vip;       // its family is the clients'
    std::size_t payload_bytes = 6;
};
// What is left of a frame of so many bytes for payload, on the side whose headers are longer; at
// least as much as of a frame of 60 bytes in IPv4.
std::size_t payload_bytes_of(std::size_t frame_bytes, Sides sides);

// Of one client's connection.
struct Talk {
    enum class State : std::uint8_t { closed, opening, idle, asked };
    State state = State::closed;
    std::uint32_t sequence = 0;         // of what it sends next
    std::uint32_t acknowledgement = 0;  // of what it has got
    std::uint64_t since = 0;            // TSC, of the last thing it sent that wants an answer
};

// Who has the VIP, by ARP or a neighbour solicitation.
std::size_t ask_for_vip(net::Bytes out, const Stations& stations);
// Whether the frame is such a question of ours, that somebody has sent back.
bool is_own_question(net::ConstBytes frame, const net::Parsed& message, const Stations& stations);
// Takes the answer to it. The frame answers somebody else's question about any other address; its
// length, or 0 where there is nothing to say.
enum class Neighbours { nothing, vip_found, answer_them };
Neighbours hear_neighbours(Stations& stations, net::ConstBytes frame, const net::Parsed& message);
std::size_t answer_neighbours(net::Bytes out, net::ConstBytes question, const net::Parsed& message,
                              const Stations& stations);
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
