// SPDX-License-Identifier: BSD-3-Clause
// Routes and rules, of an instance and of the host, one a line, as keepalived.conf(5) has them; the
// host's static addresses; and who is at fault without them.
#pragma once

#include "config/keywords.h"

namespace warren::config {

enum class PolicyOf { instance, host };  // only the host's have a track_group

void read_routes(Statement& s, PolicyOf whose, std::vector<RouteLine>& out);
void read_rules(Statement& s, PolicyOf whose, std::vector<RuleLine>& out);
void read_static_addresses(Statement& s, Config& config);
void read_track_group(Statement& s, Config& config);

}  // namespace warren::config
