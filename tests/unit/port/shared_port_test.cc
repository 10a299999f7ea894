// SPDX-License-Identifier: BSD-3-Clause
// A kernel interface shared through af_packet: what becomes of frames that it does not send.
// Drivers of other versions have freed them and said that they took none, so that callers freed
// them again.
#include <gtest/gtest.h>
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <unistd.h>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "../health/own_namespace.h"
#include "port/mempool.h"
#include "port/port.h"

namespace warren::port {
namespace {

constexpr unsigned mbufs = 2047;

bool start_eal() {
    const std::string prefix = "--file-prefix=port-test-" + std::to_string(getpid());
    std::array<std::string, 8> words{"port-test", "--no-huge",      "-m",   "64",
                                     "--no-pci",  "--no-telemetry", prefix, "--log-level=1"};
    std::vector<char*> arguments;
    arguments.reserve(words.size());
    for (std::string& word : words)
        arguments.push_back(word.data());
    return rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) >= 0;
}

// Every buffer of the pool exists once.
void expect_whole(rte_mempool* pool) {
    std::vector<rte_mbuf*> all;
    std::set<rte_mbuf*> different;
    for (rte_mbuf* one = rte_pktmbuf_alloc(pool); one != nullptr && all.size() < 2 * mbufs;
         one = rte_pktmbuf_alloc(pool)) {
        all.push_back(one);
        different.insert(one);
    }
    EXPECT_EQ(all.size(), mbufs);
    EXPECT_EQ(different.size(), mbufs) << "buffers were freed twice";
    for (rte_mbuf* one : different)
        rte_pktmbuf_free(one);
}

// As the callers of tx_burst do: what was not taken is freed by them.
unsigned send(Port& port, rte_mempool* pool) {
    std::array<rte_mbuf*, 8> burst;
    if (rte_pktmbuf_alloc_bulk(pool, burst.data(), burst.size()) != 0) return 0;
    for (rte_mbuf* packet : burst)
        rte_pktmbuf_append(packet, 60);
    const unsigned taken = port.tx_burst(0, burst.data(), burst.size());
    for (unsigned i = taken; i < burst.size(); ++i)
        rte_pktmbuf_free(burst[i]);
    return taken;
}

// One test, for EAL starts once in a process.
TEST(SharedPort, AnInterfaceThatIsDownFreesNoFrameTwice) {
    if (!testing_support::enter_own_namespace() ||
        !testing_support::run("ip link add eth0 type veth peer name other") ||
        !testing_support::run("ip link set eth0 up") ||
        !testing_support::run("ip link set other up"))
        GTEST_SKIP() << "no network namespace of its own";
    ASSERT_TRUE(start_eal());
    const Mempool pool = make_mempool("port-test", mbufs);
    {  // the port goes before its pool
        PortOptions options;
        options.name = "eth0";
        options.pool = pool.get();
        Port port(options);
        ASSERT_TRUE(port.shared_with_kernel());
        EXPECT_EQ(send(port, pool.get()), 8U);
        EXPECT_EQ(port.stats().opackets, 8U);
        ASSERT_TRUE(testing_support::run("ip link set eth0 down"));
        for (int i = 0; i < 20; ++i)
            send(port, pool.get());
        EXPECT_EQ(port.stats().opackets, 8U) << "what a stall is told by";
        expect_whole(pool.get());
    }
}

}  // namespace
}  // namespace warren::port
