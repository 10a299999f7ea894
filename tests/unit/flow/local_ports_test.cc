// SPDX-License-Identifier: BSD-3-Clause
#include "flow/local_ports.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "flow_samples.h"

namespace warren::flow {
namespace {

class LocalPorts : public testing::Test {
  protected:
    LocalPorts() : table_(options()) {}

    static TableOptions options() {
        TableOptions o;
        o.capacity = 70'000;
        o.servers = 1;
        return o;
    }
    // Occupies a port towards the server of samples::flow(0).
    FlowIndex occupy(std::uint16_t port, TcpState state = TcpState::established) {
        Flow f = samples::flow(0);
        f.client_port = net::Be16(port);
        f.local_port = net::Be16(port);
        f.state = state;
        return table_.insert(f);
    }
    PortChoice pick(PortCursor& cursor, std::span<const std::uint16_t> excluded = {}) {
        return pick_local_port(cursor, table_, samples::flow(0).server_tuple(), excluded);
    }

    FlowTable table_;
};

TEST_F(LocalPorts, AWorkerVisitsEachOfItsPortsOnceBeforeAnyComesAgain) {
    for (const unsigned workers : {1U, 2U, 3U, 7U, 16U}) {
        std::set<std::uint16_t> all;
        for (unsigned worker = 0; worker < workers; ++worker) {
            PortCursor cursor(12345 * worker, worker, workers);
            const std::uint16_t first = cursor.take();
            std::uint16_t port = first;
            do {
                ASSERT_GE(port, first_local_port);
                ASSERT_TRUE(worker_owns_port(port, worker, workers));
                ASSERT_TRUE(all.insert(port).second) << port << " came twice";
                port = cursor.take();
            } while (port != first);
        }
        EXPECT_EQ(all.size(), end_of_ports - first_local_port) << workers << " workers";
    }
}

TEST_F(LocalPorts, EveryRandomStartIsAPortOfTheWorker) {
    for (std::uint32_t random = 0; random < 70'000; ++random) {
        PortCursor cursor(random, 4, 5);
        ASSERT_TRUE(worker_owns_port(cursor.take(), 4, 5));
    }
}

TEST_F(LocalPorts, SkipsUsedAndExcludedPorts) {
    PortCursor cursor(0, 0, 1);
    occupy(1024);
    occupy(1026);
    const std::array<std::uint16_t, 1> excluded{1025};
    const PortChoice choice = pick(cursor, excluded);
    EXPECT_EQ(choice.verdict, PortVerdict::free);
    EXPECT_EQ(choice.port, 1027);
}

TEST_F(LocalPorts, AnotherServersPortIsFreeForThisOne) {
    PortCursor cursor(0, 0, 1);
    Flow other = samples::flow(0);
    other.server_address = samples::address(1);
    other.local_port = net::Be16(1024);
    table_.insert(other);
    EXPECT_EQ(pick(cursor).port, 1024);
}

TEST_F(LocalPorts, RecyclesAClosedFlowOnlyIfNoPortIsFree) {
    PortCursor cursor(0, 0, 1);
    const FlowIndex old = occupy(1030, TcpState::time_wait);
    for (std::uint16_t p = 1024; p < 1030; ++p)
        occupy(p);
    EXPECT_EQ(pick(cursor).port, 1031) << "a free one is preferred";

    for (std::uint16_t p = 1031; p < 1200; ++p)
        occupy(p);
    cursor = PortCursor(0, 0, 1);
    const PortChoice choice = pick(cursor);
    EXPECT_EQ(choice.verdict, PortVerdict::recycled);
    EXPECT_EQ(choice.port, 1030);
    EXPECT_EQ(choice.old_flow, old);
}

TEST_F(LocalPorts, GivesUpAfterItsAttemptsAndGoesOnThereNextTime) {
    PortCursor cursor(0, 0, 1);
    for (std::uint16_t p = 1024; p < 1024 + port_attempts_max; ++p)
        occupy(p);
    EXPECT_EQ(pick(cursor).verdict, PortVerdict::no_port);
    EXPECT_EQ(pick(cursor).port, 1024 + port_attempts_max);
}

TEST_F(LocalPorts, AllPortsInUse) {
    for (std::uint32_t p = first_local_port; p < end_of_ports; ++p)
        ASSERT_NE(occupy(static_cast<std::uint16_t>(p)), no_flow);
    PortCursor cursor(99, 0, 1);
    for (int i = 0; i < 2000; ++i)
        ASSERT_EQ(pick(cursor).verdict, PortVerdict::no_port);
}

}  // namespace
}  // namespace warren::flow
