// SPDX-License-Identifier: BSD-3-Clause
// The checkers' kernel sockets: build a sockaddr, bind to the configured source, read the latency
// of the handshake.
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

// bindto, bind_port, bind_if, fwmark. Returns an errno, 0 = done.
int apply_source(int fd, const Source& source);

// A non-blocking descriptor whose connect() from the target's source is under way; the caller owns
// it and no io_context knows it.
struct Connecting {
    int fd = -1;
    int error = 0;  // an errno; then fd is -1
};
Connecting start_connect(const Target& target);

// Opens a socket bound to the target's source, not connected yet; `to` gets the destination.
boost::system::error_code open_socket(boost::asio::ip::tcp::socket& socket, const Target& target,
                                      boost::asio::ip::tcp::endpoint& to);
// Opens a connected one that gets ICMP errors.
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

// IP_RECVERR, IPV6_RECVERR: ICMP unreachables fail the socket at once, soft ones (no ARP answer)
// too.
void report_icmp_errors(int fd, bool ipv6);

}  // namespace warren::health
