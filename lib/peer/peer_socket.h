// SPDX-License-Identifier: BSD-3-Clause
// A kernel UDP socket to one peer: connected, so that no others' datagrams arrive; TTL 255 both
// ways (RFC 5082); DF set. Reopened when its address or interface has come back, at most once a
// second. Datagrams of one length share a system call where the kernel can (udp(7): UDP_SEGMENT,
// UDP_GRO).
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

struct PeerSocketOptions {
    net::IpAddress local;
    net::IpAddress peer;    // of the same family
    std::string interface;  // empty: by the route
    std::uint16_t port = 0;
    bool multihop = false;  // datagrams may have passed routers
};

class PeerSocket {
  public:
    explicit PeerSocket(PeerSocketOptions options);
    ~PeerSocket();
    PeerSocket(const PeerSocket&) = delete;
    PeerSocket& operator=(const PeerSocket&) = delete;

    const net::IpAddress& peer() const { return options_.peer; }
    // For poll(); -1: closed.
    int descriptor() const { return descriptor_; }
    // Reopens it if closed and due. Returns the error, if it is another than the last time.
    std::string keep_open(std::uint64_t now_ns);

    struct Received {
        net::ConstBytes bytes;  // until the next receive()
        bool was_routed;        // TTL below 255
    };
    // A few at a time; empty: no more.
    std::span<const Received> receive();

    // Copies it; sent by flush(), or when a burst is full. What the kernel does not take is lost.
    void send(net::ConstBytes datagram);
    void flush();

  private:
    static constexpr std::size_t burst = 44;  // of the longest datagrams, what one call may carry
    static constexpr std::size_t max_message_bytes = 65'536;
    static_assert(burst * sync::max_datagram_bytes < max_message_bytes);
    static constexpr std::size_t messages_in = 8;
    static constexpr std::size_t max_received = 1'024;

    // Adjacent datagrams in out_ of one length; only the last may be shorter.
    struct GsoBatch {
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
    bool send_gso(const GsoBatch& batch);
    void send_one_by_one(const GsoBatch& batch);
    void note_received(net::ConstBytes message, std::size_t datagram_bytes, bool was_routed);

    PeerSocketOptions options_;
    int descriptor_ = -1;
    bool has_gso_ = false;  // UDP_SEGMENT works
    std::uint64_t next_try_ns_ = 0;
    std::string last_error_;
    std::vector<std::array<std::uint8_t, max_message_bytes>> in_{messages_in};
    std::vector<Received> received_;
    std::array<std::uint8_t, burst * sync::max_datagram_bytes> out_;
    std::vector<GsoBatch> batches_;
};

}  // namespace warren::peer
