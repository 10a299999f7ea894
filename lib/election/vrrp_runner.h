// SPDX-License-Identifier: BSD-3-Clause
// The control lcore's loop: punted adverts and commands in, adverts and gratuitous ARP out, and the
// heartbeat that keeps our ownership alive. It sleeps until the next deadline (wake_time.h); its
// only other system call may be a driver's transmit.
#pragma once

#include <rte_mempool.h>

#include <array>
#include <cstdint>
#include <vector>

#include "election/vrrp_engine.h"
#include "election/vrrp_link.h"
#include "election/wake_time.h"
#include "exchange/worker_link.h"
#include "port/port_table.h"

namespace warren::election {

struct RunnerOptions {
    const port::PortTable* ports = nullptr;  // outlives it
    rte_mempool* pool = nullptr;             // of our frames alone: an advert always finds a buffer
    int priority = 0;                        // SCHED_FIFO 1-99; 0 = ordinary scheduling
    std::uint64_t startup_delay_ns = 0;
};

class VrrpRunner {
  public:
    static constexpr std::uint64_t late_ns = 10'000'000;

    VrrpRunner(exchange::Exchange& exchange, VrrpLink& link,
               const std::vector<const RouterPlan*>& plans, const RunnerOptions& options);

    // Runs on the control lcore until Exchange::stop.
    void run();

  private:
    // A frame leaves on the port's own control queue, else the first worker sends it.
    class Sink : public FrameSink {
      public:
        Sink(exchange::Exchange& exchange, VrrpCounters& counters, const RunnerOptions& options);
        bool send(std::uint8_t port, net::ConstBytes frame) override;

      private:
        rte_mbuf* make(std::uint8_t port, net::ConstBytes frame);

        exchange::Exchange& exchange_;
        VrrpCounters& counters_;
        const port::PortTable& ports_;
        rte_mempool* pool_;
    };

    void poll_once(std::uint64_t now_ns);
    void schedule(int priority);
    void on_command(const VrrpCommand& command, const Round& round);
    void follow_ports(const exchange::Snapshot& snapshot);
    void receive(const Round& round);
    void receive(exchange::MbufRing& ring, const Round& round);
    void sleep(std::uint64_t now_ns);

    exchange::Exchange& exchange_;
    VrrpLink& link_;
    RunnerOptions options_;
    Sink sink_;
    VrrpEngine engine_;
    std::array<std::uint64_t, exchange::max_ports> rx_seen_ns_{};  // by port, in this round
    unsigned reader_;                                              // id at the publisher
    std::uint64_t ports_generation_ = 0;  // of the snapshot whose ports these are
    std::size_t port_count_ = 0;
};

}  // namespace warren::election
