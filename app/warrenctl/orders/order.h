// SPDX-License-Identifier: BSD-3-Clause
// The operator's word about a real_server: `warrenctl drain|enable|disable|reset SERVER:PORT
// [VIP:PORT]`, `weight SERVER:PORT N|N%|default [VIP:PORT]`; about a service: `rebalance VIP:PORT`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "asking/telemetry.h"
#include "rows/output.h"

namespace warren::ctl {

// What is wrong with an order of these words; empty: nothing.
std::string order_problem(const std::vector<std::string>& words);

// Who waits for the connections of a server that is drained or disabled.
struct Wait {
    std::optional<std::int64_t> patience_ms{};
    bool then_reset = false;  // what is left then
};
// Says how many are left, as they go; false: some are still there.
bool wait_for_end(Telemetry& telemetry, const std::vector<std::string>& words, const Wait& wait,
                  const std::string& note, const Output& output);

// `words`: the verb and whom it is about; a server's port may be left out if only one has that
// address. `note`: with_who(). Throws std::runtime_error.
void give_order(Telemetry& telemetry, std::vector<std::string> words, const std::string& note,
                const Output& output);

// Why, and which user gives the order: sudo's, if it is root. Stands in events and with the server.
std::string with_who(const std::string& reason);

}  // namespace warren::ctl
