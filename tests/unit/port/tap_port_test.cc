// SPDX-License-Identifier: BSD-3-Clause
// A tap interface as the port of several workers. Its driver has the kernel queue a signal for
// every frame, as many as RLIMIT_SIGPENDING allows; what comes then would end the process.
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "../health/own_namespace.h"
#include "port/eal.h"
#include "port/mempool.h"
#include "port/port.h"

namespace warren::port {
namespace {

constexpr unsigned workers = 2;
constexpr unsigned datagrams = 100;

void send(int socket, unsigned count) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    to.sin_addr.s_addr = htonl(0x0a0000ff);
    for (unsigned i = 0; i < count; ++i)
        sendto(socket, "frame", 5, MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to),
               sizeof(to));
}

// The kernel's frames for the tap; all but the last while no more signals may wait.
void flood() {
    const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_BROADCAST, &yes, sizeof(yes));
    rlimit before{};
    getrlimit(RLIMIT_SIGPENDING, &before);
    const rlimit none{0, before.rlim_max};
    setrlimit(RLIMIT_SIGPENDING, &none);
    send(socket, datagrams - 1);
    setrlimit(RLIMIT_SIGPENDING, &before);
    send(socket, 1);
    close(socket);
}

unsigned receive(Port& port) {
    unsigned count = 0;
    for (std::uint16_t queue = 0; queue < port.rx_queues(); ++queue) {
        std::array<rte_mbuf*, 32> burst;
        while (const unsigned got = port.rx_burst(queue, burst.data(), burst.size())) {
            rte_pktmbuf_free_bulk(burst.data(), got);
            count += got;
        }
    }
    return count;
}

// One test, for EAL starts once in a process.
TEST(TapPort, MoreFramesThanSignalsDoNotEndTheProcess) {
    if (!testing_support::enter_own_namespace()) GTEST_SKIP() << "no network namespace of its own";
    EalOptions options;
    options.instance = "tap-test-" + std::to_string(getpid());
    options.hugepages = Hugepages::no;
    options.packets = 16'383;
    const Eal eal(options);
    const Mempool pool = make_mempool("tap-test", options.packets);
    Port port({.name = "card0",
               .device = "net_tap0,iface=card0",
               .workers = workers,
               .pool = pool.get()});
    EXPECT_EQ(port.rx_queues(), workers + 1);
    EXPECT_TRUE(port.has_control_queue());
    ASSERT_TRUE(testing_support::run("ip address add 10.0.0.1/24 dev card0"));
    for (std::uint16_t queue = 0; queue < port.rx_queues(); ++queue)
        EXPECT_GE(port.rx_descriptor(queue), 0);
    flood();
    EXPECT_GE(receive(port), datagrams);
}

}  // namespace
}  // namespace warren::port
