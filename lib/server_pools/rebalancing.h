// SPDX-License-Identifier: BSD-3-Clause
// Which servers give up how many of their flows now, so that a server which has come back gets its
// share. No I/O: the orders are for the workers.
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

// Close up to `most` connections of a server by its management API.
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
