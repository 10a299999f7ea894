// SPDX-License-Identifier: BSD-3-Clause
// The operator's word about a real_server: `warrenctl drain|enable|disable|weight` holds until the
// next order or the end of the process, over reloads; `reset` and `rebalance` are done once. No
// I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "balance/server_health.h"
#include "model/state.h"

namespace warren::model {

// From "drain,SERVER:PORT" or "drain,SERVER:PORT,VIP:PORT"; without a service the server in all of
// them. "weight,SERVER:PORT,N[,VIP:PORT]", for N also "N%" of what is configured, or "default";
// "rebalance,VIP:PORT". Behind a ';' stands why, in the operator's words. Nobody is meant:
// `problem` says why.
struct Order {
    enum class Kind : std::uint8_t { admin, weight, reset, rebalance };
    Kind kind = Kind::admin;
    balance::Admin admin = balance::Admin::enabled;
    std::optional<std::uint32_t> weight;  // absent: as configured
    bool is_percent = false;              // of the configured weight
    std::string note;                     // why
    std::vector<std::uint16_t> servers;
    std::optional<std::uint16_t> service;  // of a rebalance
    std::string problem;
    bool is_nonsense = false;  // the words are, not only what they name
};
Order read_order(const State& state, std::string_view text);

// These return whether anything changed: the server's standing, its weight.
bool execute(ServerRecord& server, balance::Admin admin, std::uint64_t now_ns,
             const std::string& note = {});
// What a server's weight shall be.
std::optional<std::uint32_t> ordered_weight(const Order& order, const ServerRecord& server);
// "…: why", or nothing.
std::string with_note(std::string text, const std::string& note);
bool order_weight(ServerRecord& server, std::optional<std::uint32_t> weight);

}  // namespace warren::model
