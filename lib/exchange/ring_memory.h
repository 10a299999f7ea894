// SPDX-License-Identifier: BSD-3-Clause
// A single-producer single-consumer rte_ring in memory of its own, so that a channel needs neither
// a memzone nor a name and works in a unit test without EAL.
#pragma once

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>

namespace warren::exchange {

struct FreeMemory {
    void operator()(void* memory) const { std::free(memory); }
};
using RingMemory = std::unique_ptr<rte_ring, FreeMemory>;

// `capacity` is a power of two; the ring holds capacity - 1 elements of `element_bytes` (multiple
// of 4).
inline RingMemory make_ring(unsigned element_bytes, unsigned capacity) {
    const ssize_t size = rte_ring_get_memsize_elem(element_bytes, capacity);
    if (size < 0) throw std::invalid_argument("ring capacity must be a power of two");
    const std::size_t rounded = (static_cast<std::size_t>(size) + 127) / 128 * 128;
    RingMemory ring(static_cast<rte_ring*>(std::aligned_alloc(128, rounded)));
    if (!ring) throw std::bad_alloc();
    if (rte_ring_init(ring.get(), "channel", capacity, RING_F_SP_ENQ | RING_F_SC_DEQ) != 0)
        throw std::invalid_argument("ring cannot be initialised");
    return ring;
}

// For a ring's one reader. What it then takes it asks for in the right order.
inline bool has_nothing(const rte_ring& ring) {
    return __atomic_load_n(&ring.prod.tail, __ATOMIC_RELAXED) ==
           __atomic_load_n(&ring.cons.head, __ATOMIC_RELAXED);
}

}  // namespace warren::exchange
