// SPDX-License-Identifier: BSD-3-Clause
// The pools that EAL was told of have room in its memory, without hugepages too, where an mbuf
// takes a whole page.
#include <gtest/gtest.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "port/eal.h"
#include "port/mempool.h"

namespace warren::port {
namespace {

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
    } catch (const std::runtime_error& error) {
        FAIL() << error.what();
    }
}

}  // namespace
}  // namespace warren::port
