// SPDX-License-Identifier: BSD-3-Clause
// The pools that EAL was told of have room in its memory, without hugepages too, and their buffers
// lie one behind the other there: at the same place of their pages they would share a cache set.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>

#include "port/eal.h"
#include "port/mempool.h"

namespace warren::port {
namespace {

// Cache sets of an L1 of 64 sets that the headers of a burst fall into.
std::size_t sets_of_a_burst(rte_mempool* pool) {
    std::array<rte_mbuf*, 32> burst{};
    if (rte_pktmbuf_alloc_bulk(pool, burst.data(), burst.size()) != 0) return 0;
    std::set<std::uintptr_t> sets;
    for (const rte_mbuf* mbuf : burst)
        sets.insert(reinterpret_cast<std::uintptr_t>(mbuf) / 64 % 64);
    rte_pktmbuf_free_bulk(burst.data(), burst.size());
    return sets.size();
}

// One test, for EAL starts once in a process.
TEST(PoolMemory, PoolsOfManyWorkersFitWithoutHugepages) {
    EalOptions options;
    options.instance = "pool-test-" + std::to_string(getpid());
    options.hugepages = Hugepages::no;
    options.packets = 65'535 + 4'095;
    try {
        const Eal eal(options);
        const Mempool packets = make_mempool("packets", 65'535);
        const Mempool control = make_mempool("control", 4'095);
        EXPECT_EQ(rte_mempool_avail_count(packets.get()), 65'535U);
        EXPECT_EQ(rte_mempool_avail_count(control.get()), 4'095U);
        EXPECT_EQ(sets_of_a_burst(packets.get()), 32U);
    } catch (const std::runtime_error& error) {
        FAIL() << error.what();
    }
}

}  // namespace
}  // namespace warren::port
