// SPDX-License-Identifier: BSD-3-Clause
#include "views/status_line.h"

#include <gtest/gtest.h>

#include "unit/model/sample_state.h"

namespace warren::views {
namespace {

TEST(StatusLine, SaysWhoIsMasterAndWhatIsUp) {
    const auto state = model::state_of(
        model::router("rabbit", "eth0", 51, "192.168.8.100/24") +
        "virtual_server 192.168.8.100 5672 {\nlb_kind FNAT\nprotocol TCP\n"
        "real_server 192.168.8.11 5672 {\n}\nreal_server 192.168.8.12 5672 {\n}\n}\n");
    exchange::Exchange exchange(1);
    EXPECT_EQ(status_line(*state, exchange), "master of nothing, 2/2 servers up, 0 flows");
    state->routers[0].status.state = vrrp::State::master;
    exchange.workers[0]->servers[1].active.add();
    EXPECT_EQ(status_line(*state, exchange), "master of rabbit, 2/2 servers up, 1 flow");
}

// Whoever has one stands by for the rest all the same.
TEST(StatusLine, LeavesOutTheHostsOwnAddresses) {
    const auto state = model::state_of(model::router("A", "eth0", 51, "192.168.8.100/24") +
                                       model::router("B", "eth0", 52, "192.168.8.101/24"));
    for (model::RouterState& router : state->routers)
        router.status.state = vrrp::State::master;
    model::make_static(state->routers[0]);
    const exchange::Exchange exchange(1);
    EXPECT_EQ(status_line(*state, exchange), "master of B, 0/0 servers up, 0 flows");
    state->routers[1].status.state = vrrp::State::backup;
    EXPECT_EQ(status_line(*state, exchange), "master of nothing, 0/0 servers up, 0 flows");
    model::make_static(state->routers[1]);
    EXPECT_EQ(status_line(*state, exchange), "the host's own addresses, 0/0 servers up, 0 flows");
}

}  // namespace
}  // namespace warren::views
