// SPDX-License-Identifier: BSD-3-Clause
// The kernel's UDP socket to one peer: connected, so that datagrams of others never come; TTL 255
// both ways (RFC 5082); never fragmented. It opens itself again when its address or interface came
// back, at most once a second.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "net/address.h"
#include "net/bytes.h"
#include "sync/datagram.h"

namespace warren::peer {

struct WireOptions {
    net::IpAddress local;
    net::IpAddress peer;    // of the same family
    std::string interface;  // empty: whichever the route says
    std::uint16_t port = 0;
    bool multihop = false;  // datagrams may have passed routers
};

class Wire {
  public:
    explicit Wire(WireOptions options);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    const net::IpAddress& peer() const { return options_.peer; }
    // For poll(); -1: closed.
    int descriptor() const { return descriptor_; }
    // Opens what is closed, when it is time. The reason why it does not, once each.
    std::string keep_open(std::uint64_t now_ns);

    static constexpr std::size_t burst = 32;
    struct Received {
        net::ConstBytes bytes;  // until the next receive()
        bool has_travelled;     // its TTL says that a router has passed it on
    };
    // Up to `burst` datagrams; returns how many. 0: there are no more.
    std::size_t receive(std::array<Received, burst>& datagrams);

    // Copies it; leaves with flush(), or when a burst is full. What the kernel does not take is
    // lost, as on the way.
    void send(net::ConstBytes datagram);
    void flush();

  private:
    using Buffer = std::array<std::uint8_t, 2048>;
    static_assert(sizeof(Buffer) > sync::max_datagram_bytes);

    int open();
    void close();

    WireOptions options_;
    int descriptor_ = -1;
    std::uint64_t next_try_ns_ = 0;
    std::string told_;
    std::array<Buffer, burst> in_;
    std::array<Buffer, burst> out_;
    std::array<std::size_t, burst> out_bytes_{};
    std::size_t out_count_ = 0;
};

}  // namespace warren::peer
