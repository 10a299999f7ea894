// SPDX-License-Identifier: BSD-3-Clause
// A worker: one poll-mode lcore that owns its rx queues and its flows and shares nothing with the
// other workers but hand-off rings. `poll_once` is the whole way of a packet.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "exchange/worker_link.h"
#include "port/port.h"

namespace warren::datapath {

struct WorkerOptions {
    unsigned id = 0;                       // also its reader id at the publisher
    std::vector<port::Port*> ports;        // index = port index in the snapshot
    std::uint32_t flow_capacity = 65'536;
    bool idle_adaptive = true;
    std::uint64_t hash_seed = 0;           // random, the same for all workers: owner() depends on it
    std::uint64_t isn_key[2] = {0, 0};     // random (RFC 6528)
};

class Worker {
  public:
    Worker(exchange::Exchange& exchange, const WorkerOptions& options);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // One round: receive, classify, forward, transmit, bounded chores. Returns the frames handled.
    unsigned poll_once(std::uint64_t now_ns);

    // Polls until Exchange::stop, backing off when idle. Runs on the worker's lcore.
    void run();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace warren::datapath
