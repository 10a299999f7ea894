// SPDX-License-Identifier: BSD-3-Clause
// The kernel's UDP socket to one peer: connected, so that datagrams of others never come; TTL 255
// both ways (RFC 5082); never fragmented. It opens itself again when its address or interface came
// back, at most once a second. Datagrams of one length go through the kernel together, both ways
// (udp(7): UDP_SEGMENT, UDP_GRO), where it does that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

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

    struct Received {
        net::ConstBytes bytes;  // until the next receive()
        bool has_travelled;     // its TTL says that a router has passed it on
    };
    // Some of what is there; none: there are no more.
    std::span<const Received> receive();

    // Copies it; leaves with flush(), or when a burst is full. What the kernel does not take is
    // lost, as on the way.
    void send(net::ConstBytes datagram);
    void flush();

  private:
    static constexpr std::size_t burst = 44;  // of the longest datagrams, what one call may carry
    static constexpr std::size_t max_message_bytes = 65'536;
    static_assert(burst * sync::max_datagram_bytes < max_message_bytes);
    static constexpr std::size_t messages_in = 8;
    static constexpr std::size_t max_received = 1'024;

    // Datagrams one behind the other in out_, all of one length; only the last may be shorter.
    struct Train {
        std::size_t begin = 0;
        std::size_t bytes = 0;
        std::size_t datagram_bytes = 0;

        bool is_single() const { return bytes <= datagram_bytes; }
        bool takes(std::size_t more) const {
            return more <= datagram_bytes && bytes % datagram_bytes == 0 &&
                   bytes / datagram_bytes < burst;
        }
    };

    int open();
    void close();
    bool sends_together(const Train& train);
    void send_one_by_one(const Train& train);
    void note_received(net::ConstBytes message, std::size_t datagram_bytes, bool has_travelled);

    WireOptions options_;
    int descriptor_ = -1;
    bool has_segmentation_ = false;  // the kernel parts what is sent together
    std::uint64_t next_try_ns_ = 0;
    std::string told_;
    std::vector<std::array<std::uint8_t, max_message_bytes>> in_{messages_in};
    std::vector<Received> received_;
    std::array<std::uint8_t, burst * sync::max_datagram_bytes> out_;
    std::vector<Train> trains_;
};

}  // namespace warren::peer
