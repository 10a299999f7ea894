// SPDX-License-Identifier: BSD-3-Clause
// What each instance tracks, and each real_server's FILE_CHECK and BFD_CHECK, in the end.
#pragma once

#include "config/config.h"

namespace warren::config {

// Gives every Tracked the weight of its definition where it has none of its own, drops what
// keepalived drops, and gives members what their sync group tracks. Weights do not go with a group,
// whose members must not differ in priority (sync_group_tracking_weight lets them), nor with an
// owner, whose priority is always 255. Reports names that nothing defines, too many and twice the
// same.
syntax::Diagnostics settle_tracking(Config& config);

// Whether an instance tracks the thing of that kind and name, or a real_server checks the file.
bool is_tracked(const Config& config, TrackKind kind, const std::string& name);

}  // namespace warren::config
