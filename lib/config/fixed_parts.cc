// SPDX-License-Identifier: BSD-3-Clause
#include "config/fixed_parts.h"

namespace warren::config {

namespace {

// Sockets for readers come and go with a reload.
Dataplane without_http(Dataplane dataplane) {
    dataplane.http.clear();
    return dataplane;
}

}  // namespace

std::string changed_fixed_part(const Config& running, const Config& wanted) {
    if (without_http(running.dataplane) != without_http(wanted.dataplane))
        return "dataplane has changed";
    if (running.global.net_namespace != wanted.global.net_namespace)
        return "net_namespace has changed";
    if (running.flow_sync != wanted.flow_sync) return "flow_sync has changed";
    return {};
}

}  // namespace warren::config
