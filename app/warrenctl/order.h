// SPDX-License-Identifier: BSD-3-Clause
// The operator's word about a real_server: `warrenctl drain|enable|disable|reset SERVER:PORT
// [VIP:PORT]`, `weight SERVER:PORT N|default [VIP:PORT]`; about a service: `rebalance VIP:PORT`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "telemetry.h"

namespace warren::ctl {

bool is_order(const std::string& word);
// What is wrong with an order of these words; empty: nothing.
std::string order_problem(const std::vector<std::string>& words);

// `words`: the verb and whom it is about.
void give_order(Telemetry& telemetry, const std::vector<std::string>& words, bool as_json,
                std::ostream& out);

}  // namespace warren::ctl
