// SPDX-License-Identifier: BSD-3-Clause
// What checkers do with kernel sockets: build a sockaddr, leave from the configured source, ask how
// long the handshake took.
#pragma once

#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>

#include "health/target.h"
#include "net/address.h"

namespace warren::health {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// `interface` scopes an IPv6 link-local address; it may be empty.
SocketAddress socket_address(const net::IpAddress& address, std::uint16_t port,
                             const std::string& interface);

// bindto, bind_port, bind_if, fwmark. Gives an errno, 0 = done.
int apply_source(int fd, const Source& source);

// A descriptor that connects from the target's source and does not block, with no loop behind it.
struct Connecting {
    int fd = -1;
    int error = 0;  // an errno: there is no descriptor then
};
Connecting start_connect(const Target& target);

// A socket that leaves from the target's source, and whereto it is to be connected.
boost::system::error_code open_socket(boost::asio::ip::tcp::socket& socket, const Target& target,
                                      boost::asio::ip::tcp::endpoint& to);
// A connected one, which hears of ICMP errors.
boost::system::error_code open_socket(boost::asio::ip::udp::socket& socket, const Target& target);

// The kernel's own SYN to SYN-ACK time, which a busy manager does not distort; if a SYN was lost,
// the time that passed, because that loss is what the clients feel too. Of a fresh connection.
std::int64_t handshake_latency_ns(int fd, std::int64_t passed_ns);

// Whether something that was sent waits for its ACK.
bool is_unacknowledged(int fd);

struct Handshake {
    // Done is done, whatever the server did since: whoever looks late finds the RST of one that
    // accepts and closes.
    enum class State : std::uint8_t { pending, done, failed } state = State::pending;
    int error = 0;                // an errno, of a failed one
    std::int64_t latency_ns = 0;  // as above, of one that is done
};
Handshake look_at_handshake(int fd, std::int64_t passed_ns);

// Unreachables are then reported to the socket at once, soft ones (no ARP answer) too.
void hear_of_icmp_errors(int fd, bool ipv6);

}  // namespace warren::health
