// SPDX-License-Identifier: BSD-3-Clause
// What workers lie in to be measured without a NIC: a net_ring port with a pair of rings for each,
// a snapshot with a service and its servers, and the workers. Who has the other ends of the rings
// is the generator and the sink.
#pragma once

#include <memory>
#include <vector>

#include "datapath/worker.h"
#include "exchange/capture.h"
#include "flows.h"
#include "load.h"
#include "port/mempool.h"

struct rte_ring;

namespace warren::bench {

class Bed {
  public:
    // Needs EAL. `frames`: that may be under way at once, at most. Throws std::runtime_error when a
    // ring, a pool or the worker cannot be made.
    Bed(const Load& load, unsigned frames);

    datapath::Worker& worker(unsigned number = 0) { return *workers_[number]; }
    port::Port& port() { return *port_; }
    exchange::Exchange& exchange() { return exchange_; }
    rte_mempool* pool() { return pool_.get(); }
    std::uint64_t start_ns() const { return start_ns_; }

    // Into the port, each frame to the worker that a card's RSS would lead it to, and out of it; so
    // many as fit, or are there. Those pushed are the first.
    unsigned push(rte_mbuf** frames, unsigned count);
    unsigned pull(rte_mbuf** frames, unsigned most);
    // The same of one worker's rings, whoever owns the frames.
    unsigned push_to(unsigned worker, rte_mbuf** frames, unsigned count);
    unsigned pull_from(unsigned worker, rte_mbuf** frames, unsigned most);
    unsigned owner_of(const rte_mbuf& frame) const;
    // What a generator costs that nobody is behind.
    void pass_by();
    // What a manager would do with them.
    void drain_events();
    // With flow sync: the peer is there and hears of changes from now on.
    void begin_to_speak();
    // With a capture: all frames are shown from now on.
    void begin_to_capture();
    double bytes_per_flow() const;

  private:
    void publish();
    void drain_tap();
    exchange::Service make_service() const;
    exchange::Server make_server(std::uint16_t id) const;

    const Load load_;
    const std::uint64_t start_ns_;
    port::Mempool pool_;
    std::vector<rte_ring*> rx_, tx_;  // one for each worker
    std::size_t next_tx_ = 0;         // to pull from
    std::unique_ptr<port::Port> port_;
    port::PortTable ports_;
    exchange::Exchange exchange_;
    flow::Spread spread_;
    std::shared_ptr<exchange::CaptureTap> tap_;  // while somebody captures
    std::vector<std::unique_ptr<datapath::Worker>> workers_;
};

}  // namespace warren::bench
