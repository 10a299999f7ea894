// SPDX-License-Identifier: BSD-3-Clause
// One queue of a kernel interface that is shared with the kernel: a packet socket (packet(7)) with
// a memory-mapped rx ring. DPDK's af_packet driver knows neither offloads nor frames larger than
// its slots, and an ordinary interface has both: GRO hands up to 64 KiB at once, guests and
// containers leave checksums to the card. Here each frame comes with what the kernel knows of it
// (PACKET_VNET_HDR) and leaves with it, so that the kernel, or the card, segments and sums in the
// end. An mbuf says it in DPDK's own words:
//   RTE_MBUF_F_RX_L4_CKSUM_GOOD   verified by the card
//   RTE_MBUF_F_RX_L4_CKSUM_NONE   sound, but the field is still to be filled in, by whoever sends
//   it RTE_MBUF_F_RX_LRO             several segments in one; tso_segsz is the payload of each
// For one thread, but for statistics().
#pragma once

#include <rte_mbuf.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

struct tpacket2_hdr;

namespace warren::port {

struct PacketSocketOptions {
    bool receives = true;          // else it only sends
    bool shares = false;           // with this process's other sockets of the interface, by flow
    bool joins_fragments = false;  // IPv4 datagrams come whole (best effort while it is down)
    std::uint32_t mtu = 1500;
    rte_mempool* pool = nullptr;        // for frames that fit its buffers
    rte_mempool* large_pool = nullptr;  // for larger ones; without it they are lost
    unsigned control_priority = 0;      // of what it sends (SO_PRIORITY)
};

class PacketSocket {
  public:
    struct Statistics {
        std::uint64_t received = 0, received_bytes = 0;
        std::uint64_t sent = 0, sent_bytes = 0;
        std::uint64_t ring_full = 0;  // lost because nobody took the frames before
        std::uint64_t no_buffer = 0;  // lost because the pool was empty
        std::uint64_t too_large = 0;  // lost because no buffer is so large, or too many were
        std::uint64_t refused = 0;    // the kernel did not send it: longer than the MTU, damaged
    };

    // Throws std::system_error. 0: it belongs to no interface, hears and sends nothing until
    // reopen().
    PacketSocket(int ifindex, const PacketSocketOptions& options);
    ~PacketSocket();
    PacketSocket(const PacketSocket&) = delete;
    PacketSocket& operator=(const PacketSocket&) = delete;

    unsigned receive(rte_mbuf** packets, std::uint16_t most);
    // As rte_eth_tx_burst: what was taken is freed here, the rest stays the caller's.
    unsigned send(rte_mbuf** packets, std::uint16_t count);

    // What poll() finds readable while frames wait; the same after reopen().
    int descriptor() const { return descriptor_; }
    int ifindex() const { return ifindex_; }
    // A socket belongs to the interface it was opened on, not to its name: after the interface was
    // made anew this takes the new one. False: it is not there; what was open stays.
    bool reopen(int ifindex);

    unsigned slots() const { return static_cast<unsigned>(slots_.size()); }
    Statistics statistics();

  private:
    struct Ring {
        void* memory = nullptr;
        std::size_t bytes = 0;
    };

    int open_socket(int ifindex, Ring& ring, std::vector<tpacket2_hdr*>& slots) const;
    bool join_group(int made, int ifindex) const;
    rte_mbuf* take(const tpacket2_hdr& slot);
    rte_mbuf* buffer_for(std::size_t bytes) const;
    bool copy(rte_mbuf& frame, const tpacket2_hdr& slot);
    void skip_queued() const;

    const PacketSocketOptions options_;
    int descriptor_ = -1;
    int ifindex_;
    Ring ring_;
    std::vector<tpacket2_hdr*> slots_;
    unsigned next_ = 0;
    Statistics statistics_;
};

}  // namespace warren::port
