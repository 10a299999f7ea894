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
        const bool names_none =
            std::string_view(bad).ends_with("99:5672") || std::string_view(bad).ends_with("101:1");
        EXPECT_EQ(order.is_nonsense, !names_none) << bad;
        EXPECT_FALSE(order.problem.empty()) << bad;
    }
}

TEST(Orders, WeightResetAndRebalance) {
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    const Order weight = read_order(*state, "weight,192.168.8.12:5672,7");
    EXPECT_EQ(weight.kind, Order::Kind::weight);
    EXPECT_EQ(weight.weight, 7U);
    EXPECT_EQ(weight.servers, (std::vector<std::uint16_t>{1}));
    for (const char* configured : {"default", "config"}) {
        const Order order =
            read_order(*state, "weight,192.168.8.12:5672," + std::string(configured));
        EXPECT_TRUE(order.problem.empty() && !order.weight) << configured;
    }
    const auto share = [&](const char* text) {
        const Order order = read_order(*state, text);
        return ordered_weight(order, state->servers[order.servers.at(0)]);
    };
    EXPECT_EQ(state->servers[1].config->weight, 3);
    EXPECT_EQ(share("weight,192.168.8.12:5672,50%"), 2U);
    EXPECT_EQ(share("weight,192.168.8.12:5672,1%"), 1U) << "a share is something";
    EXPECT_EQ(share("weight,192.168.8.12:5672,0%"), 0U);
    EXPECT_EQ(share("weight,192.168.8.12:5672,1000%,192.168.8.100:5672"), 30U);
    EXPECT_EQ(share("weight,192.168.8.12:5672,default"), std::nullopt);
    EXPECT_EQ(read_order(*state, "reset,192.168.8.11:5672,192.168.8.100:5672").servers,
              (std::vector<std::uint16_t>{0}));
    EXPECT_EQ(read_order(*state, "rebalance,192.168.8.100:5672").service, 0);
    for (const char* bad : {"weight,192.168.8.12:5672", "weight,192.168.8.12:5672,-1",
                            "weight,192.168.8.12:5672,65536", "weight,192.168.8.12:5672,2x",
                            "weight,192.168.8.12:5672,%", "weight,192.168.8.12:5672,1001%", "reset",
                            "rebalance,192.168.8.11:5672", "rebalance,"})
        EXPECT_FALSE(read_order(*state, bad).problem.empty()) << bad;
    EXPECT_TRUE(read_order(*state, "rebalance,192.168.8.100").is_nonsense);
    EXPECT_FALSE(read_order(*state, "rebalance,192.168.8.11:5672").is_nonsense) << "none is there";
}

TEST(Orders, AWeightHoldsUntilTheNextOrder) {
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    ServerRecord& server = state->servers[1];
    EXPECT_TRUE(order_weight(server, 10));
    EXPECT_FALSE(order_weight(server, 10));
    EXPECT_EQ(server_weight(server), 10 * balance::weight_one);
    server.weight_changes = {2};
    EXPECT_EQ(weight_of(server), 10U) << "the operator's word comes first";
    change_server(server, *state->services[0].config, *server.config);
    EXPECT_EQ(weight_of(server), 10U) << "and over reloads";
    EXPECT_TRUE(order_weight(server, std::nullopt));
    EXPECT_EQ(weight_of(server), 5U) << "3 configured, 2 by its check";
    server.weight_changes = {-100};
    EXPECT_EQ(server_weight(server), 0U);
}

TEST(Orders, DrainDisableAndEnable) {
    const auto state =
        state_of(router("A", "eth0", 51, "192.168.8.100/24") + service("192.168.8.100"));
    ServerRecord& server = state->servers[0];
    EXPECT_TRUE(execute(server, balance::Admin::drained, 5));
    EXPECT_EQ(server_state(server), exchange::ServerState::drain);
    EXPECT_FALSE(execute(server, balance::Admin::drained, 6));
    EXPECT_EQ(server.since_ns, 5U);
    EXPECT_TRUE(execute(server, balance::Admin::disabled, 7));
    EXPECT_EQ(server_state(server), exchange::ServerState::disabled);
    EXPECT_TRUE(execute(server, balance::Admin::enabled, 8));
    EXPECT_EQ(server_state(server), exchange::ServerState::up);
    EXPECT_EQ(server.reason, "enabled by the operator");
    const Order order = read_order(*state, "drain,192.168.8.11:5672;new disk; at noon,\n (ann)");
    EXPECT_EQ(order.servers, std::vector<std::uint16_t>{0});
    EXPECT_TRUE(execute(server, order.admin, 9, order.note));
    EXPECT_EQ(server.reason, "drained by the operator: new disk; at noon,  (ann)");
}

}  // namespace
}  // namespace warren::model
