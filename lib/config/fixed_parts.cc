// SPDX-License-Identifier: BSD-3-Clause
#include "config/fixed_parts.h"

namespace warren::config {

std::string changed_fixed_part(const Config& running, const Config& wanted) {
    if (running.dataplane != wanted.dataplane) return "dataplane has changed";
    if (running.global.net_namespace != wanted.global.net_namespace)
        return "net_namespace has changed";
    if (running.flow_sync != wanted.flow_sync) return "flow_sync has changed";
    return {};
}

}  // namespace warren::config
