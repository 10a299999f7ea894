// SPDX-License-Identifier: BSD-3-Clause
// What instances and sync groups have in common: tracking and notify scripts.
#pragma once

#include "config/keywords.h"

namespace warren::config {

void read_tracked_interfaces(Statement& s, std::vector<TrackedInterface>& out);
void read_tracked_scripts(Statement& s, std::vector<TrackedScript>& out);
void add_notify_keywords(BlockReader& reader, NotifyScripts& notify);

}  // namespace warren::config
