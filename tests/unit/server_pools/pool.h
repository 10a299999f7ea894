// SPDX-License-Identifier: BSD-3-Clause
// A service of two servers (weights 1 and 3) with what two workers count of them.
#pragma once

#include "exchange/worker_link.h"
#include "unit/model/sample_state.h"

namespace warren::server_pools {

class Pool : public testing::Test {
  protected:
    void use(const std::string& more = "", const std::string& of_server = "") {
        state_ = model::state_of(model::router("A", "eth0", 51, "192.168.8.100/24") +
                                 model::service("192.168.8.100", more, of_server));
        state_->routers[0].status.state = vrrp::State::master;
        for (model::ServerRecord& server : state_->servers)
            server.next_hop =
                kernel::NextHop{.ifindex = 1, .mac = net::MacAddress{{2, 0, 0, 0, 0, 9}}};
    }
    model::ServerRecord& server(std::size_t index) { return state_->servers[index]; }
    exchange::ServerCounters& counted(std::uint16_t index, unsigned worker = 0) {
        return exchange_.workers[worker]->servers[index];
    }

    std::unique_ptr<model::State> state_;
    exchange::Exchange exchange_{2};
    std::uint64_t now_ns_ = model::start_ns;
};

}  // namespace warren::server_pools
