// SPDX-License-Identifier: BSD-3-Clause
// A bounded queue of records from exactly one thread to exactly one other. A full channel refuses:
// the writer counts it and goes on.
#pragma once

#include <cstdint>
#include <type_traits>

#include "exchange/ring_memory.h"

namespace warren::exchange {

template <typename Record>
class Channel {
    static_assert(std::is_trivially_copyable_v<Record> && sizeof(Record) % 4 == 0);

  public:
    explicit Channel(unsigned capacity) : ring_(make_ring(sizeof(Record), capacity)) {}

    [[nodiscard]] bool push(const Record& record) {
        return rte_ring_sp_enqueue_elem(ring_.get(), const_cast<Record*>(&record),
                                        sizeof(Record)) == 0;
    }
    [[nodiscard]] bool pop(Record& record) {
        return !is_empty() && rte_ring_sc_dequeue_elem(ring_.get(), &record, sizeof(Record)) == 0;
    }
    // For the reader, who asks every round and finds nothing nearly always.
    bool is_empty() const { return has_nothing(*ring_); }
    // As either end sees it now: the other one moves. rte_ring_count() reads both as if nobody did.
    unsigned size() const {
        const std::uint32_t read = __atomic_load_n(&ring_->cons.tail, __ATOMIC_RELAXED);
        const std::uint32_t written = __atomic_load_n(&ring_->prod.tail, __ATOMIC_RELAXED);
        return (written - read) & ring_->mask;
    }

  private:
    RingMemory ring_;
};

}  // namespace warren::exchange
