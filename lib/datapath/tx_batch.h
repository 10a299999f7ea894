// SPDX-License-Identifier: BSD-3-Clause
// Frames of one round waiting to be sent, by port; flushed at the end of the round at the latest.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <vector>

#include "exchange/counters.h"
#include "exchange/snapshot.h"
#include "port/port.h"
#include "port/unfinished.h"

namespace warren::datapath {

// The queue index of the kernel port beside a port.
constexpr std::uint8_t kernel_port_of(std::uint8_t port) {
    return static_cast<std::uint8_t>(exchange::loopback_port + 1 + port);
}

class TxBatch {
  public:
    // `loopback`: the device behind exchange::loopback_port; null: frames to it are dropped.
    TxBatch(std::uint16_t queue, port::PacketSocket* loopback, exchange::WorkerCounters& counters)
        : loopback_(loopback),
          queues_(kernel_port_of(exchange::max_ports)),
          queue_(queue),
          counters_(counters) {}

    // From now on frames for `index` leave by `port`.
    void attach(std::uint8_t index, port::Port& port) {
        queues_[index].port = &port;
        attached_.push_back(index);
    }

    void add(std::uint8_t port, rte_mbuf* packet) {
        queues_[port].has_unfinished |= port::is_unfinished(*packet);
        has_more_ = true;
        add_finished(port, packet);
    }
    // The packet must not be port::is_unfinished(), and a flush must follow.
    [[gnu::always_inline]] void add_finished(std::uint8_t port, rte_mbuf* packet) {
        Pending& pending = queues_[port];
        pending.packets[pending.count++] = packet;
        pending.bytes += packet->pkt_len;
        if (pending.count == pending.packets.size()) flush(port);
    }

    // A tx queue has been full since begin_round().
    bool is_full() const { return full_; }
    // add() has been called since the last flush.
    bool has_more() const { return has_more_; }
    void begin_round() { full_ = false; }

    void flush() {
        has_more_ = false;
        for (const std::uint8_t port : attached_)
            if (queues_[port].count != 0) flush(port);
    }

  private:
    struct Pending {
        std::array<rte_mbuf*, 64> packets;
        std::uint16_t count = 0;
        std::uint64_t bytes = 0;
        bool has_unfinished = false;
        port::Port* port = nullptr;  // of lo there is none
    };

    void flush(std::uint8_t port) {
        Pending& pending = queues_[port];
        const unsigned sent = send(pending);
        for (unsigned i = sent; i < pending.count; ++i) {
            pending.bytes -= pending.packets[i]->pkt_len;
            rte_pktmbuf_free(pending.packets[i]);
        }
        if (port > exchange::loopback_port) {
            counters_.kernel.add(sent);
        } else {
            counters_.tx.add(sent);
            counters_.tx_bytes.add(pending.bytes);
        }
        counters_.drop(exchange::Drop::tx_full).add(pending.count - sent);
        full_ = full_ || sent < pending.count;
        pending.count = 0;
        pending.bytes = 0;
        pending.has_unfinished = false;
    }

    unsigned send(Pending& pending) const {
        if (pending.port != nullptr)
            return pending.has_unfinished
                       ? pending.port->tx_burst(queue_, pending.packets.data(), pending.count)
                       : pending.port->tx_finished(queue_, pending.packets.data(), pending.count);
        return loopback_ == nullptr ? 0 : loopback_->send(pending.packets.data(), pending.count);
    }

    port::PacketSocket* loopback_;
    std::vector<Pending> queues_;  // by index
    std::vector<std::uint8_t> attached_{exchange::loopback_port};
    std::uint16_t queue_;
    bool full_ = false;
    bool has_more_ = false;
    exchange::WorkerCounters& counters_;
};

}  // namespace warren::datapath
