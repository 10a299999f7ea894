// SPDX-License-Identifier: BSD-3-Clause
#include "config/fixed_parts.h"

namespace warren::config {

std::string changed_fixed_part(const Config& running, const Config& wanted) {
    if (running.dataplane != wanted.dataplane) return "dataplane has changed";
    if (running.control_priority() != wanted.control_priority())
        return "global_defs: vrrp_rt_priority has changed";
    return {};
}

}  // namespace warren::config
