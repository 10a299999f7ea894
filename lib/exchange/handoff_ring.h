// SPDX-License-Identifier: BSD-3-Clause
// A bounded queue of frames from one worker to another, with what the first has read in their
// headers, so that the second need not read them again. Ownership of an mbuf moves with it.
#pragma once

#include <rte_mbuf.h>

#include <cstdint>

#include "exchange/ring_memory.h"

namespace warren::exchange {

struct Handed {
    rte_mbuf* mbuf = nullptr;
    // Of a plain segment (fast_path/plain.h), whose checksums are right; else nothing is known.
    bool is_plain = false;
    bool is_v4 = false;
    std::uint16_t ip_bytes = 0;       // of the packet
    std::uint16_t payload_bytes = 0;  // TCP's
    std::uint64_t flow_hash = 0;      // all workers hash alike
};
static_assert(sizeof(Handed) == 24);

class HandoffRing {
  public:
    explicit HandoffRing(unsigned capacity) : ring_(make_ring(sizeof(Handed), capacity)) {}
    ~HandoffRing() {
        Handed left;
        while (pop(&left, 1) == 1)
            rte_pktmbuf_free(left.mbuf);
    }
    HandoffRing(const HandoffRing&) = delete;
    HandoffRing& operator=(const HandoffRing&) = delete;

    // As many of the first as there is room for; how many.
    [[nodiscard]] unsigned push(const Handed* frames, unsigned count) {
        return rte_ring_sp_enqueue_burst_elem(ring_.get(), frames, sizeof(Handed), count, nullptr);
    }
    // Takes up to `most` and returns how many.
    unsigned pop(Handed* frames, unsigned most) {
        return rte_ring_sc_dequeue_burst_elem(ring_.get(), frames, sizeof(Handed), most, nullptr);
    }

    // For the reader, as Channel's.
    bool is_empty() const { return has_nothing(*ring_); }

  private:
    RingMemory ring_;
};

}  // namespace warren::exchange
