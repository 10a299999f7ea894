// SPDX-License-Identifier: BSD-3-Clause
// What DPDK and its drivers say, as records of the log: with time and level, in the journal's
// fields or as JSON, where the rest of it is.
#pragma once

namespace warren::app {

// From now on, before EAL starts; each line of theirs is a record "DPDK: …". The log must be open.
void take_dpdk_log();

}  // namespace warren::app
