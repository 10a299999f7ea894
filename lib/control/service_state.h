// SPDX-License-Identifier: BSD-3-Clause
// What follows for a virtual_server from the state of its servers. No I/O.
#pragma once

#include "control/state.h"

namespace warren::control {

// Before each new snapshot: makes new slot tables for the sh and mh services that need one (a few
// milliseconds each; slot_table.h says when).
void update_slots(State& state);

}  // namespace warren::control
