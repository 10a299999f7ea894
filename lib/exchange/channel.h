// SPDX-License-Identifier: BSD-3-Clause
// A bounded queue of records from exactly one thread to exactly one other. A full channel refuses:
// the writer counts it and goes on.
#pragma once

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
        return rte_ring_sc_dequeue_elem(ring_.get(), &record, sizeof(Record)) == 0;
    }
    unsigned size() const { return rte_ring_count(ring_.get()); }

  private:
    RingMemory ring_;
};

}  // namespace warren::exchange
