// SPDX-License-Identifier: BSD-3-Clause
// Routes and rules, of an instance and of the host, one a line, as keepalived.conf(5) has them; the
// host's static addresses; and who is at fault without them.
#pragma once

#include "schema/keywords.h"

namespace warren::schema {

enum class PolicyOf { instance, host };  // only the host's have a track_group

void read_routes(Statement& s, PolicyOf whose, std::vector<config::RouteLine>& out);
void read_rules(Statement& s, PolicyOf whose, std::vector<config::RuleLine>& out);
void read_static_addresses(Statement& s, config::Config& config);
void read_track_group(Statement& s, config::Config& config);

}  // namespace warren::schema
