// SPDX-License-Identifier: BSD-3-Clause
// The operator's word about a real_server: `warrenctl drain|enable|disable`. It holds until the
// next order or the end of the process. No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "balance/server_health.h"
#include "model/state.h"

namespace warren::model {

// From "drain,SERVER:PORT" or "drain,SERVER:PORT,VIP:PORT"; without a service the server in all of
// them. No servers: `problem` says why.
struct Order {
    balance::Admin admin = balance::Admin::enabled;
    std::vector<std::uint16_t> servers;
    std::string problem;
};
Order read_order(const State& state, std::string_view text);

// Returns whether the server's standing changed.
bool obey(ServerRecord& server, balance::Admin admin, std::uint64_t now_ns);

}  // namespace warren::model
