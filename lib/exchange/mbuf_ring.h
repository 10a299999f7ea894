// SPDX-License-Identifier: BSD-3-Clause
// A bounded queue of packets from one thread to another. Ownership of an mbuf moves with it.
#pragma once

#include <rte_mbuf.h>

#include "exchange/ring_memory.h"

namespace warren::exchange {

class MbufRing {
  public:
    explicit MbufRing(unsigned capacity) : ring_(make_ring(sizeof(void*), capacity)) {}
    ~MbufRing() {
        rte_mbuf* left = nullptr;
        while (pop(&left, 1) == 1)
            rte_pktmbuf_free(left);
    }
    MbufRing(const MbufRing&) = delete;
    MbufRing& operator=(const MbufRing&) = delete;

    [[nodiscard]] bool push(rte_mbuf* packet) {
        return rte_ring_sp_enqueue(ring_.get(), packet) == 0;
    }
    // Takes up to `most` packets and returns how many.
    unsigned pop(rte_mbuf** packets, unsigned most) {
        if (is_empty()) return 0;
        return rte_ring_sc_dequeue_burst(ring_.get(), reinterpret_cast<void**>(packets), most,
                                         nullptr);
    }

    // For the reader, as Channel's.
    bool is_empty() const { return has_nothing(*ring_); }

  private:
    RingMemory ring_;
};

}  // namespace warren::exchange
