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

}  // namespace
}  // namespace warren::views
