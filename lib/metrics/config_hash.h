// SPDX-License-Identifier: BSD-3-Clause
// A hash of what two warrens of a pair must have configured alike: routers' addresses, VRIDs and
// intervals, services, their servers and weights. Priorities, interfaces, checks, names, the order
// and the lines of the file are no part of it, nor are the host's own addresses. Pure.
#pragma once

#include <string>

#include "config/config.h"

namespace warren::metrics {

// Sixteen hexadecimal digits.
std::string common_hash(const config::Config& config);

}  // namespace warren::metrics
