// SPDX-License-Identifier: BSD-3-Clause
// The pool outlasts the worst moment: all queues of all devices full at once.
#include "packet_memory.h"

#include <gtest/gtest.h>

#include "schema/load.h"

namespace warren::app {
namespace {

config::Config with_ports(unsigned ports, unsigned workers, bool own_cards) {
    std::string text = "dataplane {\nworkers " + std::to_string(workers) + "\n";
    std::string instances;
    for (unsigned i = 0; i < ports; ++i) {
        const std::string n = std::to_string(i);
        if (own_cards) text += "interface eth" + n + " {\ndevice 0000:3b:00." + n + "\n}\n";
        instances += "vrrp_instance V" + n + " {\ninterface eth" + n + "\nvirtual_router_id " +
                     std::to_string(i + 1) + "\npriority 100\nvirtual_ipaddress {\n192.0.2." + n +
                     "\n}\n}\n";
    }
    text += "}\n" + instances;
    return schema::load("f", [&](const std::string&) { return std::optional(text); }).config;
}

TEST(PacketMemory, KernelPortsHoldBuffersToo) {
    // Of each device: the rx rings of all workers, and the tx rings of theirs and the control
    // lcore's, 1,024 descriptors each; then hand-off, punt and control rings.
    constexpr unsigned workers = 8, devices = 2 * 4;
    constexpr unsigned held =
        devices * (workers + workers + 1) * 1'024 + workers * (256 + 512) + workers * workers * 512;
    EXPECT_GE(mbuf_count(with_ports(4, workers, true)), held);
    EXPECT_LT(mbuf_count(with_ports(4, workers, false)), mbuf_count(with_ports(4, workers, true)));
}

TEST(PacketMemory, ASmallHostHasTheLeast) {
    EXPECT_EQ(mbuf_count(with_ports(1, 1, false)), 16'383U);
}

}  // namespace
}  // namespace warren::app
