// SPDX-License-Identifier: BSD-3-Clause
// Rebalancing: which servers are to lose how many of their flows now, so that one which has come
// back gets its share. No I/O: the caller passes the orders to workers and management APIs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exchange/worker_link.h"
#include "model/state.h"

namespace warren::server_pools {

struct Shed {
    unsigned worker = 0;
    exchange::ShedOrder order;
};

// Close at most `most` connections of a server by its management API.
struct CloseRequest {
    std::uint16_t server = 0;
    unsigned most = 0;
};

struct RebalanceStep {
    std::vector<Shed> sheds;                                  // `method reset`
    std::vector<CloseRequest> closes;                         // `method close`
    std::vector<std::pair<std::uint16_t, std::string>> news;  // by service, for the log
};

// Once a second.
RebalanceStep rebalance(model::State& state, const exchange::Exchange& exchange);

// For `warrenctl rebalance`: why this service cannot be; empty if it can.
std::string hindrance(const model::ServiceRecord& service);

}  // namespace warren::server_pools
