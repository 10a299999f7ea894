// SPDX-License-Identifier: BSD-3-Clause
// Which servers an order means, and what it does to one.
#include "model/orders.h"

#include <gtest/gtest.h>

#include "model/builder.h"
#include "unit/model/sample_state.h"

namespace warren::model {
namespace {

TEST(Orders, FindTheServerInAllServicesOrInOne) {
    const auto state = state_of(router("A", "eth0", 51, "192.168.8.100/24\n192.168.8.101/24") +
                                service("192.168.8.100") + service("192.168.8.101"));
    EXPECT_EQ(read_order(*state, "drain,192.168.8.12:5672").servers,
              (std::vector<std::uint16_t>{1, 3}));
    const Order one = read_order(*state, "disable,192.168.8.12:5672,192.168.8.101:5672");
    EXPECT_EQ(one.servers, (std::vector<std::uint16_t>{3}));
    EXPECT_EQ(one.admin, balance::Admin::disabled);
    for (const char* bad :
         {"", "drain", "stop,192.168.8.12:5672", "drain,192.168.8.12", "drain,192.168.8.99:5672",
          "drain,192.168.8.12:5672,x", "drain,192.168.8.12:5672,192.168.8.101:1"}) {
        const Order order = read_order(*state, bad);
        EXPECT_TRUE(order.servers.empty()) << bad;
        EXPECT_FALSE(order.problem.empty()) << bad;
    }
}

TEST(Orders, DrainDisableAndEnable) {
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    ServerRecord& server = state->servers[0];
    EXPECT_TRUE(obey(server, balance::Admin::drained, 5));
    EXPECT_EQ(server_state(server), exchange::ServerState::drain);
    EXPECT_FALSE(obey(server, balance::Admin::drained, 6));
    EXPECT_EQ(server.since_ns, 5U);
    EXPECT_TRUE(obey(server, balance::Admin::disabled, 7));
    EXPECT_EQ(server_state(server), exchange::ServerState::disabled);
    EXPECT_TRUE(obey(server, balance::Admin::enabled, 8));
    EXPECT_EQ(server_state(server), exchange::ServerState::up);
    EXPECT_EQ(server.reason, "enabled by the operator");
}

}  // namespace
}  // namespace warren::model
