// SPDX-License-Identifier: BSD-3-Clause
// A bounded queue of frames from one worker to another, with what the first has parsed of them, so
// that the second need not parse again. Ownership of an mbuf moves with it.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "exchange/ring_memory.h"

namespace warren::exchange {

struct HandoffFrame {
    rte_mbuf* mbuf = nullptr;
    // A plain segment (fast_path/plain.h) with valid checksums; false: not parsed, the rest is
    // unset.
    bool is_plain = false;
    bool is_v4 = false;
    std::uint16_t ip_bytes = 0;       // of the packet
    std::uint16_t payload_bytes = 0;  // TCP's
    std::uint64_t flow_hash = 0;      // all workers hash alike
};
static_assert(sizeof(HandoffFrame) == 24);

class HandoffRing {
  public:
    explicit HandoffRing(unsigned capacity) : ring_(make_ring(sizeof(HandoffFrame), capacity)) {}
    ~HandoffRing() {
        HandoffFrame left;
        while (pop(&left, 1) == 1)
            rte_pktmbuf_free(left.mbuf);
    }
    HandoffRing(const HandoffRing&) = delete;
    HandoffRing& operator=(const HandoffRing&) = delete;

    // Enqueues as many of the first as fit, and returns how many.
    [[nodiscard]] unsigned push(const HandoffFrame* frames, unsigned count) {
        return rte_ring_sp_enqueue_burst_elem(ring_.get(), frames, sizeof(HandoffFrame), count,
                                              nullptr);
    }
    // Takes up to `most` and returns how many.
    unsigned pop(HandoffFrame* frames, unsigned most) {
        return rte_ring_sc_dequeue_burst_elem(ring_.get(), frames, sizeof(HandoffFrame), most,
                                              nullptr);
    }

    // For the reader, as Channel's.
    bool is_empty() const { return has_nothing(*ring_); }

  private:
    RingMemory ring_;
};

}  // namespace warren::exchange
