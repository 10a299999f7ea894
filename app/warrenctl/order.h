// SPDX-License-Identifier: BSD-3-Clause
// `warrenctl drain|enable|disable SERVER:PORT [VIP:PORT]`: the operator's word about a real_server.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "telemetry.h"

namespace warren::ctl {

bool is_order(const std::string& word);

// `words`: the verb, the server and perhaps the service.
void give_order(Telemetry& telemetry, const std::vector<std::string>& words, bool as_json,
                std::ostream& out);

}  // namespace warren::ctl
