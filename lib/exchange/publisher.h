// SPDX-License-Identifier: BSD-3-Clause
// Hands a new snapshot to every reader without waiting for any: the pointer is swapped, and the old
// snapshot is freed once each reader has been quiescent (rte_rcu_qsbr). A sleeping reader is
// offline and holds nothing.
#pragma once

#include <rte_rcu_qsbr.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>

#include "exchange/ring_memory.h"
#include "exchange/snapshot.h"

namespace warren::exchange {

class Publisher {
  public:
    // `readers`: how many threads will call Reader's functions.
    explicit Publisher(unsigned readers);
    ~Publisher();
    Publisher(const Publisher&) = delete;
    Publisher& operator=(const Publisher&) = delete;

    // Manager: makes `next` the current snapshot (sealed) and retires the old one.
    void publish(std::unique_ptr<const Snapshot> next);
    // Manager: frees what no reader can hold any more; call now and then. Returns how many wait.
    std::size_t reclaim();
    const Snapshot& current() const { return *owned_; }

    // Reader `id` in [0, readers). Between two polls: quiescent(); around a sleep: offline(),
    // online().
    const Snapshot& acquire() const { return *pointer_.load(std::memory_order_acquire); }
    void online(unsigned id) { rte_rcu_qsbr_thread_online(qsbr_.get(), id); }
    void offline(unsigned id) { rte_rcu_qsbr_thread_offline(qsbr_.get(), id); }
    void quiescent(unsigned id) { rte_rcu_qsbr_quiescent(qsbr_.get(), id); }

  private:
    struct Retired {
        std::uint64_t token;
        std::unique_ptr<const Snapshot> snapshot;
    };

    std::unique_ptr<rte_rcu_qsbr, FreeMemory> qsbr_;
    std::unique_ptr<const Snapshot> owned_;
    alignas(64) std::atomic<const Snapshot*> pointer_{nullptr};
    std::deque<Retired> retired_;
};

}  // namespace warren::exchange
