// SPDX-License-Identifier: BSD-3-Clause
// BFD's UDP sockets (RFC 5881 4 and 5): one for each family that hears all neighbours and says how
// far each packet has come, and one for each session that sends.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <functional>
#include <optional>

#include "bfd/control_packet.h"
#include "net/address.h"
#include "net/bytes.h"

namespace warren::tracking {

enum class Family : std::uint8_t { v4, v6 };

class BfdReceiver {
  public:
    struct Datagram {
        std::array<std::uint8_t, 128> buffer;  // what is longer is cut off
        std::size_t bytes = 0;
        net::IpAddress source, destination;
        std::uint16_t source_port = 0;
        std::uint8_t ttl = 0;  // or hop limit; 0: the kernel does not say

        net::ConstBytes payload() const { return net::ConstBytes(buffer).first(bytes); }
    };

    BfdReceiver(boost::asio::io_context& io, Family family) : socket_(io), family_(family) {}

    // Returns an errno; 0: it receives.
    int open();
    void close() { socket_.close(); }
    bool is_open() const { return socket_.is_open(); }
    // Not needed: closed. Needed again: the caller opens it.
    void need(bool needed);
    bool is_needed() const { return needed_; }
    Family family() const { return family_; }
    // Does not block; nothing: no datagram is there.
    std::optional<Datagram> receive();
    // Calls `arrived` once, when a datagram is there.
    void await(std::function<void()> arrived);

  private:
    boost::asio::ip::udp::socket socket_;
    Family family_;
    bool needed_ = true;
};

class BfdSender {
  public:
    struct Path {
        std::optional<net::IpAddress> source;
        net::IpAddress neighbour;
        std::uint8_t ttl = 255;
    };

    BfdSender(boost::asio::io_context& io, const Path& path) : socket_(io), path_(path) {}

    // Opens the socket if it is not: its source address may come later. The source port is `random`
    // mapped into 49152-65535 (RFC 5881 4), or the next free one. Returns an errno; 0: sent.
    int send(const bfd::ControlPacket& packet, std::uint32_t random);

  private:
    int open(std::uint32_t random);
    int bind_to_source(std::uint32_t random);

    boost::asio::ip::udp::socket socket_;
    Path path_;
};

}  // namespace warren::tracking
