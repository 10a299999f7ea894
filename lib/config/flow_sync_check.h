// SPDX-License-Identifier: BSD-3-Clause
// Whether a flow_sync can work, and what goes with it.
#pragma once

#include <string>

#include "config/config.h"

namespace warren::config {

// What is wrong with it, and what of the rest does not go with it. Nothing without a flow_sync.
syntax::Diagnostics check_flow_sync(const Config& config);

// The block that shares connections by `interface` ("": any), to be completed.
std::string suggest_flow_sync(const std::string& interface);

}  // namespace warren::config
