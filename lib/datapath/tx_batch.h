// SPDX-License-Identifier: BSD-3-Clause
// Frames of one round waiting to be sent, by port; flushed at the end of the round at the latest.
// The ports come first, then lo (a null), then the kernel ports: what goes to one of those counts
// as the kernel's.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <vector>

#include "exchange/counters.h"
#include "port/port.h"

namespace warren::datapath {

class TxBatch {
  public:
    // `loopback`: the way to servers that are this host; null: what goes there is dropped.
    TxBatch(std::vector<port::Port*> ports, std::size_t first_kernel_port, std::uint16_t queue,
            port::PacketSocket* loopback, exchange::WorkerCounters& counters)
        : ports_(std::move(ports)),
          loopback_(loopback),
          first_kernel_port_(first_kernel_port),
          queues_(ports_.size()),
          queue_(queue),
          counters_(counters) {}

    void add(std::uint8_t port, rte_mbuf* packet) {
        Pending& pending = queues_[port];
        pending.packets[pending.count++] = packet;
        if (pending.count == pending.packets.size()) flush(port);
    }

    // Since begin_round() a port has not taken all it was given.
    bool is_full() const { return full_; }
    void begin_round() { full_ = false; }

    void flush() {
        for (std::uint8_t port = 0; port < queues_.size(); ++port)
            if (queues_[port].count != 0) flush(port);
    }

  private:
    struct Pending {
        std::array<rte_mbuf*, 64> packets;
        std::uint16_t count = 0;
    };

    void flush(std::uint8_t port) {
        Pending& pending = queues_[port];
        std::uint64_t bytes = 0;
        for (std::uint16_t i = 0; i < pending.count; ++i)
            bytes += pending.packets[i]->pkt_len;
        const unsigned sent = send(ports_[port], pending);
        for (unsigned i = sent; i < pending.count; ++i) {
            bytes -= pending.packets[i]->pkt_len;
            rte_pktmbuf_free(pending.packets[i]);
        }
        if (port >= first_kernel_port_) {
            counters_.kernel.add(sent);
        } else {
            counters_.tx.add(sent);
            counters_.tx_bytes.add(bytes);
        }
        counters_.drop(exchange::Drop::tx_full).add(pending.count - sent);
        full_ = full_ || sent < pending.count;
        pending.count = 0;
    }

    unsigned send(port::Port* port, Pending& pending) const {
        if (port != nullptr) return port->tx_burst(queue_, pending.packets.data(), pending.count);
        return loopback_ == nullptr ? 0 : loopback_->send(pending.packets.data(), pending.count);
    }

    std::vector<port::Port*> ports_;
    port::PacketSocket* loopback_;
    std::size_t first_kernel_port_;
    std::vector<Pending> queues_;
    std::uint16_t queue_;
    bool full_ = false;
    exchange::WorkerCounters& counters_;
};

}  // namespace warren::datapath
